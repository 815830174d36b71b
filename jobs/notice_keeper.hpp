#pragma once

#include "jobs/kinds.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice::jobs {

/// What the worker does for notices without being asked: sends them to webhooks and by e-mail where that is
/// configured, and says once a day that a year of the office calendar is missing. Thread: the lane's.
class NoticeKeeper {
public:
    /// Does what is due, some deliveries at most. Error: of the database.
    [[nodiscard]] Status tick(const Tools& tools, const std::stop_token& stop);

private:
    using SteadyClock = std::chrono::steady_clock;
    [[nodiscard]] static Status send_due(const Tools& tools, const std::stop_token& stop);
    [[nodiscard]] static Status look_at_calendar(const Tools& tools);

    SteadyClock::time_point send_at_;
    SteadyClock::time_point calendar_at_;
};

}  // namespace sluice::jobs
