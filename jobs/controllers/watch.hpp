#pragma once

#include "config/base/time.hpp"
#include "config/config.hpp"
#include "jobs/controllers/adapter.hpp"
#include "jobs/controllers/uhppote_adapter.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace sluice::controllers {

struct WatchSettings {
    std::string conninfo;
    std::filesystem::path key_file;  ///< that seals card numbers
    config::Access access;
    uhppote::Pauses pauses{};
    std::chrono::milliseconds visit{15'000};  ///< how long a device that pushes may take
};

/// Every controller of the configuration in its own protocol: a thread for each board that is asked, one for
/// each listener. Nothing waits in memory: boards and devices keep what is not stored yet. Thread: one.
class Watch {
public:
    Watch(WatchSettings settings, const Clock& clock);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void start();
    /// From now on these, after a second or so. Where nothing changes, nothing happens.
    void reload(config::Access access);
    /// False: something hangs; it ends with the process.
    [[nodiscard]] bool stop(std::chrono::milliseconds limit);

    /// Where devices may push, and where boards may say that they have news; 0: nowhere (yet).
    [[nodiscard]] std::uint16_t zkteco_port() const;
    [[nodiscard]] std::uint16_t uhppote_port() const;

private:
    void begin();
    void end();
    void make_adapters();

    WatchSettings settings_;
    const Clock& clock_;
    std::shared_ptr<Carrier> carrier_;  ///< shared by all adapters
    std::vector<std::unique_ptr<Adapter>> adapters_;
    std::function<std::uint16_t()> zkteco_port_;
    std::function<std::uint16_t()> uhppote_port_;
    std::atomic<unsigned> running_ = 0;
    std::vector<std::jthread> threads_;  // last: they use the members above
};

}  // namespace sluice::controllers
