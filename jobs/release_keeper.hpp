#pragma once

#include "jobs/kinds.hpp"
#include "jobs/obstacle.hpp"

#include <chrono>

namespace sluice::jobs {

/// What the worker does for what was released without being asked: ends sessions that nobody ended, gives up
/// copies whose job has failed, tells of those that wait to be collected, are due soon or overdue, ends those
/// that nobody collected, and destroys packages whose time is over. Every few seconds. Thread: the lane's.
class ReleaseKeeper {
public:
    /// Error: of the database, or of the spool's disk.
    [[nodiscard]] Status tick(const Tools& tools);

private:
    using SteadyClock = std::chrono::steady_clock;
    [[nodiscard]] Status end_viewings(const Tools& tools);
    [[nodiscard]] Status give_up_copies(const Tools& tools);
    [[nodiscard]] Status tell_due(const Tools& tools);
    [[nodiscard]] Status tell_overdue(const Tools& tools);
    [[nodiscard]] Status destroy_packages(const Tools& tools);

    SteadyClock::time_point next_;
    SteadyClock::time_point packages_at_;
    Obstacle obstacle_;
};

}  // namespace sluice::jobs
