#pragma once

#include "storage/calendar/date.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <functional>
#include <optional>
#include <string>

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// What `write` does and the act's record in the audit log, as one transaction. False: `write` found nothing
/// to do, and neither was written.
[[nodiscard]] Result<bool> write_with_record(
    Pool& pool,
    const ledger::Act& act,
    UtcTime now,
    const std::function<bool(pqxx::transaction_base&)>& write
);

/// The id of whoever acts, as a parameter; null for a program.
[[nodiscard]] std::optional<std::string> id_of(const ledger::Actor& actor);
/// Of a date's text, "2026-11-23".
[[nodiscard]] calendar::Date to_date(const pqxx::field& field);
[[nodiscard]] std::optional<calendar::Date> to_optional_date(const pqxx::field& field);
[[nodiscard]] std::optional<std::string> to_optional_iso(const std::optional<calendar::Date>& date);

}  // namespace sluice::catalogue::detail
