#pragma once

#include "config/base/bytes.hpp"
#include "storage/calendar/calendar.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// The office calendar. Roles: worker, API and auditor read; sluice_api writes.
namespace sluice::catalogue {

/// What stands for a year: the newest import of it.
struct CalendarYearRow {
    Uuid import_id;
    calendar::YearTable table;
    Sha256Digest sha256{};  ///< of the file as it came
    std::string importer;
    UtcTime imported;
};
/// nullopt: nobody has imported the year.
[[nodiscard]] Result<std::optional<CalendarYearRow>> find_calendar_year(Pool& pool, int year);

struct CalendarImport {
    calendar::YearTable table;
    Sha256Digest sha256{};
    ledger::Actor importer;  ///< without an id: the operator at the machine
};
/// A new import stands from its commit on; the earlier one stays in the table. False: this very file stands
/// for the year already, and nothing was written. The record of the audit log says which days it changed.
/// Pre: the table is whole.
[[nodiscard]] Result<bool> import_calendar(Pool& pool, const CalendarImport& import, UtcTime now);

struct CalendarOverrideRow {
    Uuid id;
    calendar::Day day;     ///< its note is the reason
    std::string approver;  ///< who decided it
    std::string placer;
    UtcTime placed;
};
/// Of the days of a year, in the order in which they were placed: of one day the last counts.
[[nodiscard]] Result<std::vector<CalendarOverrideRow>> load_calendar_overrides(Pool& pool, int year);
/// `row.placer` and `row.placed` are those of `placer` and `now`.
[[nodiscard]] Status
place_calendar_override(Pool& pool, const CalendarOverrideRow& row, const ledger::Actor& placer, UtcTime now);

/// The calendar for deadlines that begin about `now`: the years from the one before on, and all overrides of
/// them.
[[nodiscard]] Result<calendar::Calendar> load_calendar(Pool& pool, UtcTime now);
/// The years that should be there by `now` and are not (calendar::missing_years). Cheap: reads no day.
[[nodiscard]] Result<std::vector<int>> load_missing_years(Pool& pool, UtcTime now);

}  // namespace sluice::catalogue
