#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/duty/inspection.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// The daily inspection sheet. Roles: the API fills and closes; the worker keeps the machine's evidence;
/// worker, API and auditor read.
namespace sluice::catalogue {

struct InspectionRow {
    duty::Date day;
    int version = 1;  ///< from 1; the highest counts, the others stay
    duty::Tick access;
    duty::Tick cctv;
    std::string remark;
    std::string reason;  ///< of a correction
    std::string person;
    UtcTime at;
};
/// All versions of the days in [from, to), by day and version.
[[nodiscard]] Result<std::vector<InspectionRow>> load_inspections(Pool& pool, duty::Date from, duty::Date to);

enum class Filling {
    saved,
    overtaken,  ///< there is such a version already
    closed,     ///< the month takes no entry any more
};
/// With its record in the audit log, and a repair ticket for each system that is not in order.
[[nodiscard]] Result<Filling>
fill_inspection(Pool& pool, const InspectionRow& row, const ledger::Actor& actor, UtcTime now);

struct EvidenceRow {
    duty::Date day;
    UtcTime taken;
    bool cctv_ok = false;
    std::optional<bool> access_ok;
    std::string facts;  ///< JSON object
};
[[nodiscard]] Result<std::vector<EvidenceRow>> load_evidence(Pool& pool, duty::Date from, duty::Date to);
/// Once a day; a later one of the same day is not taken. Role: sluice_worker.
[[nodiscard]] Status save_evidence(Pool& pool, const EvidenceRow& row);

struct ClosedMonth {
    UtcTime at;
    std::string closer;
    std::vector<duty::Date> missed;
};
/// `month`: its first day.
[[nodiscard]] Result<std::optional<ClosedMonth>> find_closed_month(Pool& pool, duty::Date month);
/// False: it is closed already.
[[nodiscard]] Result<bool> close_month(
    Pool& pool,
    duty::Date month,
    const std::vector<duty::Date>& missed,
    const ledger::Actor& actor,
    UtcTime now
);

/// A notice to the audience that the sheet of this day is late, or missing, once. False: it was told, or
/// there is nobody yet who would fill one.
[[nodiscard]] Result<bool>
tell_late_inspection(Pool& pool, duty::Date day, const std::string& audience, UtcTime due, UtcTime now);

/// When each controller of which something is expected was last heard within the range.
[[nodiscard]] Result<std::vector<duty::ControllerEvidence>>
load_controller_evidence(Pool& pool, const TimeRange& range);

}  // namespace sluice::catalogue
