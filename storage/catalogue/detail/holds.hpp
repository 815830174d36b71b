#pragma once

#include "storage/catalogue/hold_repository.hpp"
#include "storage/ledger/act.hpp"

#include <string>
#include <vector>

#include <pqxx/pqxx>

/// Holds within the caller's transaction, each change with its record in the audit log. Errors are
/// append_record's: then nothing may be committed.
namespace sluice::catalogue::detail {

/// False: its id is there already, and nothing was written.
[[nodiscard]] Result<bool>
place_hold(pqxx::transaction_base& transaction, const HoldRow& hold, const ledger::Actor& actor);

/// What holds belong to; the ones that others placed for the same footage stay.
struct HoldOwner {
    std::string kind;
    Uuid id;
};
/// All that are not released.
[[nodiscard]] Status release_holds(
    pqxx::transaction_base& transaction,
    const HoldOwner& owner,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
);
/// Those of the kinds that would last longer end at `end`; one that was only just placed, a microsecond after
/// that.
[[nodiscard]] Status limit_holds(
    pqxx::transaction_base& transaction,
    const HoldOwner& owner,
    const std::vector<HoldKind>& kinds,
    UtcTime end,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
);

}  // namespace sluice::catalogue::detail
