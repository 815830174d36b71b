#pragma once

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/ledger/act.hpp"

#include <functional>

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// A change and its record, in one transaction, or neither. False: `change` says that it found nothing to do.
[[nodiscard]] inline Result<bool> carry_out(
    Pool& pool,
    const ledger::Act& act,
    UtcTime now,
    const std::function<bool(pqxx::transaction_base&)>& change
) {
    bool is_done = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (!change(transaction)) return {};
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        is_done = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_done;
}

}  // namespace sluice::catalogue::detail
