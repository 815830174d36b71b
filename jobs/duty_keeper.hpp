#pragma once

#include "config/policy/history.hpp"
#include "jobs/kinds.hpp"
#include "storage/calendar/calendar.hpp"

#include <chrono>
#include <stop_token>

namespace sluice::jobs {

/// What the worker does for incidents, inspections and duties without being asked: tells what is due or late,
/// takes the machine's evidence of each day that is over, opens repair tickets for faults, and says once a
/// day that nobody is named to be called. Thread: the lane's.
class DutyKeeper {
public:
    /// Error: of the database.
    [[nodiscard]] Status tick(const Tools& tools, const std::stop_token& stop);

    /// What a round rests on.
    struct Round {
        const Tools& tools;
        const policy::History& history;
        const calendar::Calendar& calendar;
        UtcTime now;
        [[nodiscard]] const policy::Policy& policy() const;
    };
    [[nodiscard]] static Status tell_late_incidents(const Round& round);
    [[nodiscard]] static Status tell_late_inspections(const Round& round);
    [[nodiscard]] static Status tell_duties(const Round& round);
    [[nodiscard]] static Status tell_follow_ups(const Round& round);
    [[nodiscard]] static Status take_evidence(const Round& round);
    [[nodiscard]] static Status open_repairs(const Round& round);

private:
    using SteadyClock = std::chrono::steady_clock;
    void look_at_contacts(const Tools& tools);

    SteadyClock::time_point next_;
    SteadyClock::time_point evidence_at_;
    SteadyClock::time_point contacts_at_;
};

}  // namespace sluice::jobs
