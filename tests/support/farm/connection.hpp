#pragma once

#include "tests/support/farm/session.hpp"

#include <deque>
#include <memory>
#include <string>

namespace sluice::farm {

/// One client's RTSP connection and its session, if it has got so far.
class Connection final : public Stream {
public:
    Connection(UniqueFd fd, Cameras& cameras, Addresses addresses);

    // Each says false when the connection is to be closed.
    [[nodiscard]] bool on_readable(TimePoint now);
    [[nodiscard]] bool on_writable();
    [[nodiscard]] bool on_time(TimePoint now);
    [[nodiscard]] TimePoint next_due() const noexcept;

    void write(std::span<const iovec> pieces, const PictureRecord* record) override;
    [[nodiscard]] bool wants_to_write() const noexcept { return pending_.size() > pending_start_; }
    /// The next close sends RST instead of FIN.
    void arm_reset() const;
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] Camera* camera() const noexcept { return camera_; }
    [[nodiscard]] bool is_playing() const noexcept { return session_ != nullptr; }

private:
    [[nodiscard]] bool answer(const Request& request, TimePoint now);
    [[nodiscard]] bool answer_fault(const Request& request, const std::string& fault);
    void answer_known(const Request& request, TimePoint now);
    void answer_setup(const Request& request);
    void say(const std::string& text);
    void reply(
        const Request& request,
        int code,
        std::string_view reason,
        const std::vector<std::string>& fields = {},
        std::string_view body = {}
    );
    void confirm_sent();

    UniqueFd fd_;
    Cameras& cameras_;
    Addresses addresses_;
    std::string nonce_;
    std::string input_;
    std::string pending_;
    std::size_t pending_start_ = 0;
    std::uint64_t queued_ = 0;  ///< bytes given to write() since the start
    std::uint64_t sent_ = 0;    ///< of these with the kernel
    std::deque<std::pair<std::uint64_t, PictureRecord>> unconfirmed_;
    bool is_broken_ = false;
    Camera* camera_ = nullptr;
    TimePoint last_request_;
    std::unique_ptr<Session> session_;
};

}  // namespace sluice::farm
