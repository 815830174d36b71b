#include "jobs/duty_keeper.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/duty_repository.hpp"
#include "storage/catalogue/incident_case_repository.hpp"
#include "storage/catalogue/inspection_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/repair_repository.hpp"
#include "storage/duty/incident_lifecycle.hpp"
#include "storage/duty/inspection.hpp"
#include "storage/duty/recurrence.hpp"
#include "storage/retention/day_evidence.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using calendar::days;
using calendar::start_of;
using calendar::taipei_date;

constexpr auto kEvery = 30s;
constexpr auto kContactsEvery = 24h;
constexpr auto kEvidenceEvery = 10min;
constexpr days kBack{400};    // a yearly turn that was never done is told
constexpr days kEvidence{7};  // a worker that was away for a week catches up
constexpr std::size_t kMost = 1000;

UtcTime end_of(duty::Date day) {
    return start_of(day + days{1});
}

/// Days ahead while it is coming, 0 once it is late; nullopt: it is not near yet.
std::optional<unsigned> distance(duty::Date due, std::span<const unsigned> days_ahead, UtcTime now) {
    if (now >= end_of(due)) return 0U;
    return duty::days_to_tell(due, days_ahead, now);
}

Status tell_turns(const DutyKeeper::Round& round, const catalogue::DutyRow& duty) {
    const duty::Date today = taipei_date(round.now);
    const auto days_ahead = duty::fitting(round.policy().duties.notice_days_ahead, duty.recurrence.recurs);
    const duty::Date from = std::max(duty.starts, today - kBack);
    const duty::Date to = today + days{days_ahead.empty() ? 1 : days_ahead.front() + 1};
    const auto done = catalogue::load_duty_turns(round.tools.pool, duty.id, from, to);
    if (!done) return std::unexpected(done.error());
    for (const duty::Turn& turn : duty::turns(duty.recurrence, from, to, round.calendar)) {
        if (std::ranges::find(*done, turn.on, &catalogue::DutyTurnRow::turn) != done->end()) continue;
        const auto ahead = distance(turn.due, days_ahead, round.now);
        if (!ahead) continue;
        const auto told = catalogue::tell_duty(round.tools.pool, duty, end_of(turn.due), *ahead, round.now);
        if (!told) return std::unexpected(told.error());
        if (*told && *ahead == 0)
            log::warn("duty_overdue", {{"duty", to_string(duty.id)}, {"due", calendar::to_iso(turn.due)}});
    }
    return {};
}

Status take_evidence_of(const DutyKeeper::Round& round, duty::Date day) {
    const TimeRange range{start_of(day), end_of(day)};
    const auto evidence = retention::load_evidence_of(round.tools.pool, range, round.now);
    if (!evidence) return std::unexpected(evidence.error());
    // Before the first camera and controller there is nothing that a machine could say.
    if (evidence->cameras.empty() && evidence->controllers.empty()) return {};
    const policy::DutyPolicy& policy = policy::in_force(round.history, range.from).policy.duties;
    return catalogue::save_evidence(
        round.tools.pool,
        {.day = day,
         .taken = round.now,
         .cctv_ok = duty::is_cctv_ok(*evidence, policy),
         .access_ok = duty::is_access_ok(*evidence),
         .facts = retention::to_json(*evidence)}
    );
}

}  // namespace

const policy::Policy& DutyKeeper::Round::policy() const {
    return policy::in_force(history, now).policy;
}

Status DutyKeeper::tell_late_incidents(const Round& round) {
    const auto running = catalogue::load_running_incidents(round.tools.pool, kMost);
    if (!running) return std::unexpected(running.error());
    for (const catalogue::IncidentRow& incident : *running) {
        const auto& clocks = policy::in_force(round.history, incident.opened).policy.incidents;
        const auto due = duty::due_of(incident.kind, incident.state, incident.opened, clocks);
        if (!due || round.now < *due) continue;
        std::vector<std::string> audiences{"secretariat"};
        if (duty::is_security(incident.kind)) audiences.insert(audiences.end(), {"ethics", "director"});
        const auto told =
            catalogue::tell_late_incident(round.tools.pool, incident.id, audiences, *due, round.now);
        if (!told) return std::unexpected(told.error());
        if (*told > 0)
            log::warn(
                "incident_overdue",
                {{"incident", to_string(incident.id)},
                 {"kind", to_string(incident.kind)},
                 {"state", to_string(incident.state)},
                 {"due", to_rfc3339(*due)}}
            );
    }
    return {};
}

Status DutyKeeper::tell_late_inspections(const Round& round) {
    const duty::Date today = taipei_date(round.now);
    const auto filled = catalogue::load_inspections(round.tools.pool, today - days{1}, today + days{1});
    if (!filled) return std::unexpected(filled.error());
    for (const duty::Date day : {today - days{1}, today}) {
        const auto row = std::ranges::find(*filled, day, &catalogue::InspectionRow::day);
        if (row != filled->end()) continue;
        const policy::DutyPolicy& policy = policy::in_force(round.history, start_of(day)).policy.duties;
        const auto state = duty::sheet_state(day, std::nullopt, round.calendar, policy, round.now);
        const bool is_late = state == duty::SheetState::late;
        if (!is_late && state != duty::SheetState::missed) continue;
        const auto told = catalogue::tell_late_inspection(
            round.tools.pool,
            day,
            is_late ? "secretariat" : "unit_head",
            is_late ? duty::sheet_due(day, policy) : end_of(day),
            round.now
        );
        if (!told) return std::unexpected(told.error());
        if (*told)
            log::warn(is_late ? "inspection_late" : "inspection_missed", {{"day", calendar::to_iso(day)}});
    }
    return {};
}

Status DutyKeeper::tell_duties(const Round& round) {
    const auto duties = catalogue::load_duties(round.tools.pool, false);
    if (!duties) return std::unexpected(duties.error());
    for (const catalogue::DutyRow& duty : *duties)
        if (auto told = tell_turns(round, duty); !told) return told;
    return {};
}

Status DutyKeeper::tell_follow_ups(const Round& round) {
    const auto open = catalogue::load_follow_ups(round.tools.pool, true, std::nullopt, kMost);
    if (!open) return std::unexpected(open.error());
    for (const catalogue::FollowUpRow& row : *open) {
        const auto ahead = distance(row.due, round.policy().duties.notice_days_ahead, round.now);
        if (!ahead) continue;
        const auto told =
            catalogue::tell_follow_up(round.tools.pool, row, end_of(row.due), *ahead, round.now);
        if (!told) return std::unexpected(told.error());
    }
    return {};
}

Status DutyKeeper::take_evidence(const Round& round) {
    const duty::Date today = taipei_date(round.now);
    const auto taken = catalogue::load_evidence(round.tools.pool, today - kEvidence, today);
    if (!taken) return std::unexpected(taken.error());
    for (duty::Date day = today - kEvidence; day < today; day += days{1}) {
        if (std::ranges::find(*taken, day, &catalogue::EvidenceRow::day) != taken->end()) continue;
        if (auto done = take_evidence_of(round, day); !done) return done;
    }
    return {};
}

Status DutyKeeper::open_repairs(const Round& round) {
    const auto opened = catalogue::open_repairs_of_faults(
        round.tools.pool, round.now - round.policy().duties.repair_after, round.now
    );
    if (!opened) return std::unexpected(opened.error());
    if (*opened > 0) log::warn("repairs_opened", {{"tickets", *opened}});
    return {};
}

void DutyKeeper::look_at_contacts(const Tools& tools) {
    const config::Contacts& contacts = tools.config.contacts;
    if (config::is_reachable(contacts.primary) && config::is_reachable(contacts.deputy)) return;
    log::error(
        "contacts_missing",
        {{"primary", config::is_reachable(contacts.primary)},
         {"deputy", config::is_reachable(contacts.deputy)},
         {"remedy", "name both in the configuration: [contacts.primary] and [contacts.deputy]"}}
    );
}

Status DutyKeeper::tick(const Tools& tools, const std::stop_token& stop) {
    const auto steady = SteadyClock::now();
    if (steady >= contacts_at_) {
        look_at_contacts(tools);
        contacts_at_ = steady + kContactsEvery;
    }
    if (steady < next_) return {};
    const auto history = catalogue::load_policy_history(tools.pool);
    if (!history) return std::unexpected(history.error());
    const UtcTime now = tools.clock.now();
    const auto calendar = catalogue::load_calendar(tools.pool, now - kBack);
    if (!calendar) return std::unexpected(calendar.error());
    const Round round{.tools = tools, .history = *history, .calendar = *calendar, .now = now};
    constexpr std::array kSteps{
        &DutyKeeper::tell_late_incidents,
        &DutyKeeper::tell_late_inspections,
        &DutyKeeper::tell_duties,
        &DutyKeeper::tell_follow_ups,
        &DutyKeeper::open_repairs,
    };
    for (const auto step : kSteps) {
        if (stop.stop_requested()) return {};
        if (auto done = step(round); !done) return done;
    }
    next_ = SteadyClock::now() + kEvery;
    if (steady < evidence_at_) return {};
    evidence_at_ = steady + kEvidenceEvery;
    return take_evidence(round);
}

}  // namespace sluice::jobs
