#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/policy/history.hpp"
#include "storage/calendar/calendar.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// What a door should do when. Pure.
namespace sluice::access {

enum class DoorMode : std::uint8_t {
    free,         ///< unlocked: office hours
    controlled,   ///< locked, opens for a card
    blocked,      ///< locked for everybody
    eoc,          ///< an emergency operation centre is open: its roster comes in at night
    duty_period,  ///< a special duty period: what happens weighs more
    manual,       ///< a named person does by hand what the controller should do
    fire_release,
    lockdown,
};
[[nodiscard]] std::string_view to_string(DoorMode mode) noexcept;
[[nodiscard]] std::optional<DoorMode> door_mode_from(std::string_view word) noexcept;

enum class ModeReason : std::uint8_t {
    office_hours,
    closed_hours,  ///< of a working day
    day_off,
    decided,  ///< an override
};
[[nodiscard]] std::string_view to_string(ModeReason reason) noexcept;

/// Doors are free in [free_from, free_to) of a working day, as times of the day in Asia/Taipei.
struct OfficeHours {
    std::chrono::minutes free_from{};
    std::chrono::minutes free_to{};
    bool is_free_from_assumed = false;  ///< nobody has told us; whoever shows a schedule says so
    friend bool operator==(const OfficeHours&, const OfficeHours&) = default;
};
struct DatedHours {
    UtcTime valid_from;
    OfficeHours hours;
};
/// Of every version of the policy.
[[nodiscard]] std::vector<DatedHours> hours_of(const policy::History& history);

/// What was decided against the schedule, for [from, to): `to` is the end that it came to in fact.
struct ModeOverride {
    Uuid id;
    DoorMode mode = DoorMode::manual;
    UtcTime from;
    std::optional<UtcTime> to;  ///< nullopt: until somebody ends it
    UtcTime placed;
    /// Placed by the program, for a controller that is silent: shown, and never a reason to judge a door by
    /// less than its schedule.
    bool is_fallback = false;
};

/// All that the mode of one door follows from.
struct DoorSchedule {
    bool is_rear = false;
    calendar::Calendar calendar;
    std::vector<DatedHours> hours;        ///< by valid_from; the first one from the beginning of time
    std::vector<ModeOverride> overrides;  ///< of this door, in any order
};

struct ModeAt {
    DoorMode mode = DoorMode::controlled;
    ModeReason reason = ModeReason::closed_hours;
    std::optional<Uuid> override_id;  ///< with `decided`
    /// The year was not published: working days are Monday to Friday.
    bool is_calendar_assumed = false;
    friend bool operator==(const ModeAt&, const ModeAt&) = default;
};

/// The mode at an instant. Total: there is exactly one. Of several overrides the strongest counts
/// (fire_release, lockdown, manual, then free, controlled and blocked, a fallback, eoc, duty_period), of
/// equal ones the one placed last. Pre: `hours` is not empty.
[[nodiscard]] ModeAt mode_at(const DoorSchedule& schedule, UtcTime at);

struct ModePeriod {
    TimeRange range;
    ModeAt is;
    friend bool operator==(const ModePeriod&, const ModePeriod&) = default;
};
/// The range cut where something of the mode changes: in order, without holes, neighbours differ. Pre: as
/// above; the caller bounds the range.
[[nodiscard]] std::vector<ModePeriod> periods_in(const DoorSchedule& schedule, const TimeRange& range);

/// The hours in force. Pre: not empty.
[[nodiscard]] const OfficeHours& hours_at(const std::vector<DatedHours>& hours, UtcTime at);

}  // namespace sluice::access
