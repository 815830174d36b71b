#pragma once

#include "jobs/controllers/adapter.hpp"
#include "jobs/controllers/uhppote_adapter.hpp"

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice::controllers::uhppote {

/// Hears boards that say that they have news, and has them asked at once. What they say is not kept: the same
/// event is fetched by its number, and one that nobody heard is, too.
class PushListener final : public Adapter {
public:
    /// The boards live longer.
    PushListener(std::string listen, std::vector<BoardAdapter*> boards);
    void run(const std::stop_token& stop) override;
    [[nodiscard]] std::string thread_name() const override { return "acs-listen"; }

    /// Where it listens now; 0: nowhere. Any thread.
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void hear(int fd) const;

    std::string listen_;
    std::vector<BoardAdapter*> boards_;
    std::atomic<std::uint16_t> port_ = 0;
};

}  // namespace sluice::controllers::uhppote
