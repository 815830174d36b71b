#include "storage/access/schedule.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace sluice::access {
namespace {

using calendar::Date;
using calendar::days;

constexpr std::array<std::string_view, 8>
    kModes{"free", "controlled", "blocked", "eoc", "duty_period", "manual", "fire_release", "lockdown"};
constexpr std::array<std::string_view, 4> kReasons{"office_hours", "closed_hours", "day_off", "decided"};

/// Which override is above which: life first, then what a person at the door decides, then what follows from
/// a silent controller and what a period of time brings with it.
int rank(const ModeOverride& decided) noexcept {
    if (decided.is_fallback) return 3;
    switch (decided.mode) {
        case DoorMode::fire_release:
            return 7;
        case DoorMode::lockdown:
            return 6;
        case DoorMode::manual:
            return 5;
        case DoorMode::free:
        case DoorMode::controlled:
        case DoorMode::blocked:
            return 4;
        case DoorMode::eoc:
            return 2;
        case DoorMode::duty_period:
            return 1;
    }
    return 0;
}

bool is_in_force(const ModeOverride& decided, UtcTime at) noexcept {
    return decided.from <= at && (!decided.to || at < *decided.to);
}

const ModeOverride* strongest(const std::vector<ModeOverride>& overrides, UtcTime at) {
    const ModeOverride* best = nullptr;
    const auto weight = [](const ModeOverride& one) {
        return std::tuple{rank(one), one.placed, one.id.bytes};
    };
    for (const ModeOverride& one : overrides)
        if (is_in_force(one, at) && (best == nullptr || weight(*best) < weight(one))) best = &one;
    return best;
}

ModeAt by_calendar(const DoorSchedule& schedule, UtcTime at) {
    const Date date = calendar::taipei_date(at);
    const OfficeHours& hours = hours_at(schedule.hours, at);
    ModeAt is;
    is.is_calendar_assumed = !schedule.calendar.has_year(calendar::year_of(date));
    if (!schedule.calendar.is_working_day(date)) {
        is.reason = ModeReason::day_off;
        return is;
    }
    const auto since_midnight = at - calendar::start_of(date);
    if (hours.free_from <= since_midnight && since_midnight < hours.free_to) {
        is.mode = DoorMode::free;
        is.reason = ModeReason::office_hours;
        return is;
    }
    is.mode = schedule.is_rear ? DoorMode::blocked : DoorMode::controlled;
    return is;
}

/// Every instant in the range at which the mode may change.
std::set<UtcTime> borders_in(const DoorSchedule& schedule, const TimeRange& range) {
    std::set<UtcTime> borders{range.from};
    const auto add = [&](UtcTime at) {
        if (range.contains(at)) borders.insert(at);
    };
    for (Date date = calendar::taipei_date(range.from); calendar::start_of(date) < range.to;
         date += days{1}) {
        const UtcTime midnight = calendar::start_of(date);
        add(midnight);
        for (const DatedHours& dated : schedule.hours) {
            add(midnight + dated.hours.free_from);
            add(midnight + dated.hours.free_to);
        }
    }
    for (const DatedHours& dated : schedule.hours)
        add(dated.valid_from);
    for (const ModeOverride& decided : schedule.overrides) {
        add(decided.from);
        if (decided.to) add(*decided.to);
    }
    return borders;
}

}  // namespace

std::string_view to_string(DoorMode mode) noexcept {
    return kModes[static_cast<std::size_t>(mode)];
}

std::optional<DoorMode> door_mode_from(std::string_view word) noexcept {
    const auto found = std::ranges::find(kModes, word);
    if (found == kModes.end()) return std::nullopt;
    return static_cast<DoorMode>(found - kModes.begin());
}

std::string_view to_string(ModeReason reason) noexcept {
    return kReasons[static_cast<std::size_t>(reason)];
}

std::vector<DatedHours> hours_of(const policy::History& history) {
    std::vector<DatedHours> hours;
    hours.reserve(history.size());
    for (const policy::Version& version : history) {
        const policy::DoorPolicy& doors = version.policy.doors;
        hours.push_back(
            {.valid_from = version.valid_from,
             .hours =
                 {.free_from = doors.free_from,
                  .free_to = doors.free_to,
                  .is_free_from_assumed = doors.is_free_from_assumed}}
        );
    }
    return hours;
}

const OfficeHours& hours_at(const std::vector<DatedHours>& hours, UtcTime at) {
    const auto behind = std::ranges::upper_bound(hours, at, {}, &DatedHours::valid_from);
    return behind == hours.begin() ? behind->hours : std::prev(behind)->hours;
}

ModeAt mode_at(const DoorSchedule& schedule, UtcTime at) {
    if (const ModeOverride* decided = strongest(schedule.overrides, at))
        return {
            .mode = decided->mode,
            .reason = ModeReason::decided,
            .override_id = decided->id,
            .is_calendar_assumed = false,
        };
    return by_calendar(schedule, at);
}

std::vector<ModePeriod> periods_in(const DoorSchedule& schedule, const TimeRange& range) {
    std::vector<ModePeriod> periods;
    if (range.is_empty()) return periods;
    for (const UtcTime border : borders_in(schedule, range)) {
        const ModeAt is = mode_at(schedule, border);
        if (!periods.empty() && periods.back().is == is) continue;
        if (!periods.empty()) periods.back().range.to = border;
        periods.push_back({.range = {border, range.to}, .is = is});
    }
    return periods;
}

}  // namespace sluice::access
