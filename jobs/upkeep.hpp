#pragma once

#include "jobs/kinds.hpp"
#include "jobs/obstacle.hpp"
#include "storage/calendar/date.hpp"

#include <chrono>
#include <optional>
#include <stop_token>

namespace sluice::jobs {

/// What the worker does without being asked: makes room ahead of need, foresees when the floor would be at
/// risk, tells each day what was promised of each camera and kept, notes that the host's clock is
/// synchronised, and lets requests lapse whose time is over. Thread: the lane's.
class Upkeep {
public:
    /// Does what is due. Error: of the database; what stands against making room is logged, and an act of the
    /// audit log, when it changes.
    [[nodiscard]] Status tick(const Tools& tools, const std::stop_token& stop);

private:
    using SteadyClock = std::chrono::steady_clock;
    [[nodiscard]] Status make_room(const Tools& tools, const std::stop_token& stop);
    [[nodiscard]] Status foresee(const Tools& tools);
    [[nodiscard]] Status report_coverage(const Tools& tools);

    SteadyClock::time_point room_at_;
    SteadyClock::time_point foresee_at_;
    SteadyClock::time_point lapse_at_;
    Obstacle obstacle_;
    std::optional<calendar::Date> reported_;  ///< the day in Taipei
    bool is_at_risk_ = false;
};

}  // namespace sluice::jobs
