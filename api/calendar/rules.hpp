#pragma once

#include "api/http/problem.hpp"
#include "storage/calendar/office_csv.hpp"
#include "storage/catalogue/calendar_repository.hpp"

#include <string>
#include <vector>

/// How the calendar is told. Pure.
namespace sluice::api {

struct CalendarView {
    int year = 0;
    const catalogue::CalendarYearRow* published = nullptr;  ///< null: Monday to Friday
    const std::vector<catalogue::CalendarOverrideRow>& overrides;
    const std::vector<int>& missing_years;
};
/// Every day of the year as it counts, the import it rests on, and the overrides.
[[nodiscard]] std::string calendar_json(const CalendarView& view);

/// What an import is, or under dry_run would be.
[[nodiscard]] std::string
import_json(const calendar::YearTable& table, const Sha256Digest& sha256, bool is_new);
[[nodiscard]] std::string override_json(const catalogue::CalendarOverrideRow& row);

/// 422 CALENDAR_INVALID with every fault as `faults`: line and detail.
[[nodiscard]] http::Problem calendar_problem(const calendar::RowFaults& faults);

}  // namespace sluice::api
