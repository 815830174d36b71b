#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "config/config.hpp"
#include "jobs/xvr/follower.hpp"
#include "jobs/xvr/inbox.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace sluice::xvr {

struct WatchSettings {
    std::string conninfo;
    std::vector<config::Recorder> recorders;  ///< those without `events` are left alone
    std::vector<config::FlagRule> flag_rules;
    Pauses pauses{};
};

/// Follows every recorder with `events = true`, a thread each; one more asks their clocks and titles, one
/// stores what comes. Where the database is away events wait in memory, as many as there is room for. Thread:
/// one.
class Watch {
public:
    Watch(WatchSettings settings, const Clock& clock);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void start();
    /// From now on these, after a second or so. Where nothing changes, nothing happens.
    void reload(std::vector<config::Recorder> recorders, std::vector<config::FlagRule> flag_rules);
    /// What was heard is stored, within the limit. False: something hangs; it ends with the process.
    [[nodiscard]] bool stop(std::chrono::milliseconds limit);

private:
    void start_following();
    void stop_following();
    void store(const std::stop_token& stop);

    WatchSettings settings_;
    const Clock& clock_;
    std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();  ///< shared with every thread below
    Guarded<std::vector<config::FlagRule>> rules_;
    std::atomic<unsigned> running_ = 0;
    std::jthread store_thread_;
    std::vector<std::jthread> threads_;  // last: they use the members above
};

}  // namespace sluice::xvr
