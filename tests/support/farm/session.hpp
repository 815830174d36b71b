#pragma once

#include "config/base/unique_fd.hpp"
#include "tests/support/farm/camera.hpp"
#include "tests/support/farm/rtp.hpp"
#include "tests/support/farm/rtsp.hpp"

#include <deque>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace sluice::farm {

/// The connection's side that a session writes interleaved data to.
class Stream {
public:
    virtual ~Stream() = default;
    /// Writes all pieces in order, now or as soon as the peer takes them (then they are copied). `record` is
    /// logged when the last byte is with the kernel.
    virtual void write(std::span<const iovec> pieces, const PictureRecord* record) = 0;
};

/// Of a client's connection: IPv4, in network order.
struct Addresses {
    std::uint32_t own = 0;
    std::uint32_t peer = 0;
};

/// A camera's picture on its way to one client.
class Session {
public:
    Session(Camera& camera, Stream& stream);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Answer's Transport field; nullopt: the transport can't be had.
    [[nodiscard]] std::optional<std::string> set_up(const TransportWish& wish, Addresses addresses);
    /// Answer's RTP-Info values.
    [[nodiscard]] std::string play(TimePoint now);
    void pause() noexcept { is_playing_ = false; }

    /// When on_time has something to do; TimePoint::max(): never.
    [[nodiscard]] TimePoint next_due() const noexcept;
    /// False: the session has to end (the camera changed its codec).
    [[nodiscard]] bool on_time(TimePoint now);

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] Camera& camera() noexcept { return camera_; }

private:
    struct Datagram {
        Bytes bytes;
        std::optional<PictureRecord> record;  ///< of the picture that ends here
    };
    bool take_new_media();
    void send_picture(TimePoint now);
    void advance();
    [[nodiscard]] std::int64_t next_times(const Picture& picture, PictureRecord& record);
    [[nodiscard]] std::vector<ByteView> dress(const Picture& picture, PictureRecord& record);
    void corrupt(std::vector<ByteView>& nals, std::vector<Sha256Digest>& hashes, PictureRecord& record);
    [[nodiscard]] std::vector<Packet> spoil(std::vector<Packet> packets, PictureRecord& record);
    void deliver(const std::vector<Packet>& packets, const PictureRecord& record);
    void send_report(std::int64_t pts);
    void send_datagrams();

    Camera& camera_;
    Stream& stream_;
    int number_;
    std::string id_;
    bool is_interleaved_ = true;
    std::uint8_t channel_ = 0;
    UniqueFd rtp_, rtcp_;
    bool is_playing_ = false;
    bool has_begun_ = false;

    std::shared_ptr<const Media> media_;
    std::size_t position_ = 0;
    std::int64_t wire_dts_ = 0;  ///< 90 kHz since the session's start, as the RTP times tell
    std::uint32_t rtp_base_ = 0;
    RtpState rtp_state_;
    TimePoint due_;
    TimePoint report_due_;
    Bytes sei_, corrupted_;
    std::deque<Datagram> datagrams_;
    TimePoint datagrams_due_;
};

}  // namespace sluice::farm
