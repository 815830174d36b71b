#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

namespace pqxx {
class transaction_base;
}

namespace sluice::catalogue {

/// Inserts the act's record into the audit log within the caller's transaction: it is there exactly when the
/// act is. Unsequenced; the commit wakes the worker, which gives it its place in the tree. The record's id.
/// For repositories: a failed statement throws as libpqxx does. Error: refuse, for an act that can't be
/// written down (see ledger::make_record); nothing was inserted, so nothing may be committed.
/// Roles: sluice_recorder, sluice_worker, sluice_api.
[[nodiscard]] Result<Uuid>
append_record(pqxx::transaction_base& transaction, const ledger::Act& act, UtcTime now);

/// The same as a transaction of its own, for an act that changes nothing else in the database. On success it
/// is committed.
[[nodiscard]] Result<Uuid> append_record(Pool& pool, const ledger::Act& act, UtcTime now);

}  // namespace sluice::catalogue
