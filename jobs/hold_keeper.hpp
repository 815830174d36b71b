#pragma once

#include "jobs/kinds.hpp"
#include "jobs/obstacle.hpp"

#include <chrono>
#include <stop_token>

namespace sluice::jobs {

/// What the worker does for holds without being asked: second copies of special ones once a minute, notices
/// of holds that end soon once an hour. Thread: the lane's.
class HoldKeeper {
public:
    /// Does what is due. Error: of the database; what stands against destroying copies is logged, and an act
    /// of the audit log, when it changes.
    [[nodiscard]] Status tick(const Tools& tools, const std::stop_token& stop);

private:
    using SteadyClock = std::chrono::steady_clock;
    [[nodiscard]] Status file_notices(const Tools& tools);
    [[nodiscard]] Status tend_copies(const Tools& tools, const std::stop_token& stop);

    SteadyClock::time_point copies_at_;
    SteadyClock::time_point notices_at_;
    Obstacle obstacle_;
};

}  // namespace sluice::jobs
