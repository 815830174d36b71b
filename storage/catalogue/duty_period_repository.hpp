#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Special duty periods (特別勤務) and the emergency operation centre (應變中心): while one is in force
/// incidents weigh more and every door has its mode. Roles: the API places and ends; worker, API and auditor
/// read.
namespace sluice::catalogue {

enum class PeriodKind { special, eoc };
[[nodiscard]] std::string_view to_string(PeriodKind kind) noexcept;
[[nodiscard]] std::optional<PeriodKind> period_kind_from(std::string_view word) noexcept;

struct PeriodEnd {
    UtcTime at;
    std::string ender;
    std::string reason;
};
struct PeriodItem {
    std::string text;
    std::optional<UtcTime> done;
    std::string doer;
    std::string note;
};
struct DutyPeriodRow {
    Uuid id;
    PeriodKind kind = PeriodKind::special;
    std::string name;
    std::string reason;
    UtcTime from;
    std::optional<UtcTime> to;  ///< nullopt: until it is ended; only of an emergency
    unsigned raises = 0;        ///< steps of severity
    std::string placer;
    UtcTime placed;
    std::optional<PeriodEnd> end;
    std::vector<PeriodItem> items;  ///< the checklist, numbered from 1
};
/// The planned end, or when it was ended before.
[[nodiscard]] std::optional<UtcTime> end_of(const DutyPeriodRow& row) noexcept;

/// With its checklist, an override of every door's schedule and the records in the audit log, in one
/// transaction. False: there is one with this id.
[[nodiscard]] Result<bool>
place_duty_period(Pool& pool, const DutyPeriodRow& row, const ledger::Actor& actor, UtcTime now);
[[nodiscard]] Result<std::optional<DutyPeriodRow>> find_duty_period(Pool& pool, const Uuid& id);

struct PeriodCursor {
    UtcTime from;
    Uuid id;
};
/// By begin, the latest first, behind the cursor; with `at` those in force then.
[[nodiscard]] Result<std::vector<DutyPeriodRow>> load_duty_periods(
    Pool& pool,
    std::optional<UtcTime> at,
    std::optional<PeriodCursor> after,
    std::size_t limit
);

/// Ends the overrides of the doors too. False: it was ended before, or there is none.
[[nodiscard]] Result<bool> end_duty_period(
    Pool& pool,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
);
/// False: the item was done before, or there is none.
[[nodiscard]] Result<bool> tick_period_item(
    Pool& pool,
    const Uuid& id,
    unsigned number,
    const std::string& note,
    const ledger::Actor& actor,
    UtcTime now
);

}  // namespace sluice::catalogue
