#include "storage/duty/inspection.hpp"

#include "storage/duty/detail/closed_set.hpp"

#include <algorithm>

namespace sluice::duty {
namespace {

using calendar::days;
using calendar::start_of;

constexpr std::string_view kInOrder = "√";
constexpr std::string_view kNotInOrder = "×";
constexpr detail::Words<kSheetStates> kStateWords{
    "day_off",
    "upcoming",
    "due",
    "late",
    "missed",
    "filled",
    "filled_late",
};

}  // namespace

Marks marks_of(const Tick& tick) noexcept {
    return {
        .works = tick.works ? kInOrder : kNotInOrder, .problem = tick.has_problem ? kNotInOrder : kInOrder
    };
}

std::string_view to_string(SheetState state) noexcept {
    return detail::word_of(kStateWords, state);
}

UtcTime sheet_due(Date day, const policy::DutyPolicy& policy) noexcept {
    return start_of(day) + policy.inspection_due;
}

SheetState sheet_state(
    Date day,
    std::optional<UtcTime> filled,
    const calendar::Calendar& calendar,
    const policy::DutyPolicy& policy,
    UtcTime now
) {
    const UtcTime due = sheet_due(day, policy);
    const bool is_working_day = calendar.is_working_day(day);
    if (filled) return is_working_day && *filled >= due ? SheetState::filled_late : SheetState::filled;
    if (!is_working_day) return SheetState::day_off;
    if (now < start_of(day)) return SheetState::upcoming;
    if (now < due) return SheetState::due;
    return now < start_of(day + days{1}) ? SheetState::late : SheetState::missed;
}

bool is_cctv_ok(const Evidence& evidence, const policy::DutyPolicy& policy) noexcept {
    return !evidence.cameras.empty() &&
           std::ranges::all_of(evidence.cameras, [&](const CameraEvidence& camera) {
               return camera.per_mille >= policy.coverage_percent * 10;
           });
}

std::optional<bool> is_access_ok(const Evidence& evidence) noexcept {
    if (evidence.controllers.empty()) return std::nullopt;
    return std::ranges::all_of(evidence.controllers, [](const ControllerEvidence& controller) {
        return controller.heard.has_value();
    });
}

std::vector<std::string_view>
discrepancies(const Tick& access, const Tick& cctv, bool cctv_ok, std::optional<bool> access_ok) {
    std::vector<std::string_view> found;
    if (is_in_order(access) && !access_ok.value_or(true)) found.emplace_back("access");
    if (is_in_order(cctv) && !cctv_ok) found.emplace_back("cctv");
    return found;
}

}  // namespace sluice::duty
