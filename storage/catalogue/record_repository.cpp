#include "storage/catalogue/record_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/ledger/record.hpp"

namespace sluice::catalogue {

namespace {

constexpr const char* kAppend = R"(
    INSERT INTO ledger_records (id, at, action, record, salt) VALUES ($1::uuid, from_us($2::bigint), $3, $4, $5::bytea))";

}  // namespace

Result<Uuid> append_record(pqxx::transaction_base& transaction, const ledger::Act& act, UtcTime now) {
    const auto record = ledger::make_record(act, now);
    if (!record) return std::unexpected(record.error());
    detail::run(
        transaction,
        kAppend,
        to_string(record->id),
        to_epoch_us(now),
        act.action,
        record->text,
        detail::to_bytea(record->salt)
    );
    return record->id;
}

Result<Uuid> append_record(Pool& pool, const ledger::Act& act, UtcTime now) {
    Uuid id;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto appended = append_record(transaction, act, now);
        if (!appended) return std::unexpected(appended.error());
        transaction.commit();
        id = *appended;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return id;
}

}  // namespace sluice::catalogue
