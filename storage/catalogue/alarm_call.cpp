#include "storage/catalogue/alarm_call.hpp"

namespace sluice::catalogue {
namespace {

using access::AlarmKind;
using duty::IncidentKind;

AlarmCall call_of_kind(const access::Alarm& alarm) noexcept {
    switch (alarm.kind) {
        case AlarmKind::forced_open:
        case AlarmKind::rear_door_open:
            return {.incident = IncidentKind::door_forced};
        case AlarmKind::held_open:
            // By day doors are left open all the time: the weekly report counts them.
            return alarm.is_after_hours ? AlarmCall{.incident = IncidentKind::door_held} : AlarmCall{};
        case AlarmKind::after_hours_unlocked:
            return {.incident = IncidentKind::door_held};
        case AlarmKind::controller_silent:
            return {.incident = IncidentKind::controller_failure};
        case AlarmKind::entry_not_main_door:
        case AlarmKind::index_gap:
        case AlarmKind::clock_offset:
            return {.incident = {}, .has_notice = true};
    }
    return {};
}

}  // namespace

AlarmCall call_of(const access::Alarm& alarm, unsigned within_days, UtcTime now) noexcept {
    const bool is_silent_still = alarm.kind == AlarmKind::controller_silent && !alarm.until;
    if (!is_silent_still && now - alarm.at > std::chrono::hours{24} * within_days) return {};
    return call_of_kind(alarm);
}

}  // namespace sluice::catalogue
