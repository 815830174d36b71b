#pragma once

#include "jobs/kinds.hpp"
#include "jobs/obstacle.hpp"

#include <chrono>

namespace sluice::jobs {

/// Tells what is open about the contractor's integration, each finding once a day, and removes refused clips
/// whose time or room is over. Thread: the lane's.
class ContractorKeeper {
public:
    /// Error: of the database, or of a volume; what stands against removing clips is logged, and an act of
    /// the audit log, when it changes.
    [[nodiscard]] Status tick(const Tools& tools);

private:
    using SteadyClock = std::chrono::steady_clock;
    [[nodiscard]] Status tell_findings(const Tools& tools);
    [[nodiscard]] Status remove_refused(const Tools& tools);

    SteadyClock::time_point next_;
    Obstacle obstacle_;
};

}  // namespace sluice::jobs
