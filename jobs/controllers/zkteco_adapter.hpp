#pragma once

#include "config/base/unique_fd.hpp"
#include "jobs/controllers/adapter.hpp"
#include "jobs/controllers/zkteco_desk.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace sluice::controllers::zkteco {

/// Listens for devices that push. Who comes from another address than theirs is not read; each connection has
/// a thread (`acs-zk`), one request and a limit of time, and there are few of them.
class DeviceListener final : public Adapter {
public:
    /// `visit` is how long a device may take for a request.
    DeviceListener(std::string listen, Desk desk, std::chrono::milliseconds visit);
    void run(const std::stop_token& stop) override;
    [[nodiscard]] std::string thread_name() const override { return "acs-zkteco"; }

    /// Where it listens now; 0: nowhere. Any thread.
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    [[nodiscard]] UniqueFd open(const std::stop_token& stop);
    void serve(const UniqueFd& fd, const std::string& host, const std::stop_token& stop) const;

    std::string listen_;
    Desk desk_;
    std::chrono::milliseconds visit_;
    std::atomic<std::uint16_t> port_ = 0;
};

}  // namespace sluice::controllers::zkteco
