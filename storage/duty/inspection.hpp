#pragma once

#include "config/policy/policy.hpp"
#include "storage/calendar/calendar.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The daily inspection sheet: what was ticked, whether it was in time, and what the machine saw. Pure.
namespace sluice::duty {

using calendar::Date;

/// One system's two answers.
struct Tick {
    bool works = true;
    bool has_problem = false;
    friend bool operator==(const Tick&, const Tick&) = default;
};
[[nodiscard]] constexpr bool is_in_order(const Tick& tick) noexcept {
    return tick.works && !tick.has_problem;
}
/// As printed: √ stands for "in order" in both columns, × for "not"; so no problem prints √.
struct Marks {
    std::string_view works;
    std::string_view problem;
    friend bool operator==(const Marks&, const Marks&) = default;
};
[[nodiscard]] Marks marks_of(const Tick& tick) noexcept;

enum class SheetState {
    day_off,   ///< nobody has to
    upcoming,  ///< a working day to come
    due,       ///< until the time of the policy
    late,      ///< after it, on the day itself
    missed,    ///< the day is over
    filled,
    filled_late,  ///< after its time, or after its day
};
inline constexpr std::size_t kSheetStates = 7;
[[nodiscard]] std::string_view to_string(SheetState state) noexcept;
/// `filled`: when the first version came.
[[nodiscard]] SheetState sheet_state(
    Date day,
    std::optional<UtcTime> filled,
    const calendar::Calendar& calendar,
    const policy::DutyPolicy& policy,
    UtcTime now
);
/// The first moment that is late.
[[nodiscard]] UtcTime sheet_due(Date day, const policy::DutyPolicy& policy) noexcept;

struct CameraEvidence {
    std::string camera;      ///< slug
    unsigned per_mille = 0;  ///< of the time looked at, recorded
    friend bool operator==(const CameraEvidence&, const CameraEvidence&) = default;
};
struct ControllerEvidence {
    std::string controller;
    std::optional<UtcTime> heard;  ///< last, within the time looked at
    friend bool operator==(const ControllerEvidence&, const ControllerEvidence&) = default;
};
/// What the machine saw of a day, or of the part of it that has passed.
struct Evidence {
    TimeRange looked_at;
    unsigned uptime_per_mille = 0;  ///< in which any camera was recorded
    std::vector<CameraEvidence> cameras;
    std::vector<ControllerEvidence> controllers;
    friend bool operator==(const Evidence&, const Evidence&) = default;
};
[[nodiscard]] bool is_cctv_ok(const Evidence& evidence, const policy::DutyPolicy& policy) noexcept;
/// nullopt: there is no controller of which it would be known.
[[nodiscard]] std::optional<bool> is_access_ok(const Evidence& evidence) noexcept;

/// A tick against what the machine saw: "cctv", "access". A × never is one: people see more than machines.
[[nodiscard]] std::vector<std::string_view>
discrepancies(const Tick& access, const Tick& cctv, bool cctv_ok, std::optional<bool> access_ok);

}  // namespace sluice::duty
