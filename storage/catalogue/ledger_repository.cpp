#include "storage/catalogue/ledger_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/ledger_rows.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <thread>

namespace sluice::catalogue {

namespace {

using detail::run;

constexpr auto kLookAgain = std::chrono::milliseconds{40};

constexpr const char* kRecords = R"(
    SELECT id, leaf_index, to_us(at), action, record, salt, leaf_data, erased_by
    FROM ledger_records WHERE leaf_index >= $1::bigint ORDER BY leaf_index LIMIT $2::bigint)";

constexpr const char* kRecord = R"(
    SELECT id, leaf_index, to_us(at), action, record, salt, leaf_data, erased_by
    FROM ledger_records WHERE id = $1::uuid)";

RecordRow to_record(const pqxx::row& row) {
    RecordRow record{
        .id = detail::to_uuid(row[0]),
        .index = {},
        .at = detail::to_time(row[2]),
        .action = row[3].as<std::string>(),
        .text = {},
        .salt = {},
        .leaf = {},
        .erased_by = {},
    };
    if (!row[1].is_null()) record.index = row[1].as<std::uint64_t>();
    if (!row[4].is_null()) record.text = row[4].as<std::string>();
    if (!row[5].is_null()) record.salt = detail::to_hash(row[5]);
    if (!row[6].is_null()) record.leaf = detail::to_hash(row[6]);
    if (!row[7].is_null()) record.erased_by = detail::to_uuid(row[7]);
    return record;
}

constexpr const char* kIsSequenced = "SELECT leaf_index IS NOT NULL FROM ledger_records WHERE id = $1::uuid";

constexpr const char* kLongestWait = R"(
    SELECT (extract(epoch FROM clock_timestamp() - min(filed_at)) * 1000)::bigint
    FROM ledger_records WHERE leaf_index IS NULL)";

constexpr const char* kErase = "SELECT ledger_erase($1::uuid, $2::uuid)";

constexpr const char* kAddCosignature = R"(
    INSERT INTO ledger_cosignatures (size, root, witness, key_id, signed_at, checkpoint, line)
    VALUES ($1::bigint, $2::bytea, $3, $4::bigint, from_us($5::bigint), $6, $7) ON CONFLICT DO NOTHING)";

constexpr const char* kNewestCosignatures = R"(
    SELECT size, root, witness, key_id, to_us(signed_at), checkpoint, line FROM ledger_cosignatures
    WHERE size = (SELECT max(size) FROM ledger_cosignatures) ORDER BY witness, key_id)";

CosignatureRow to_cosignature(const pqxx::row& row) {
    return {
        .size = row[0].as<std::uint64_t>(),
        .root = detail::to_hash(row[1]),
        .witness = row[2].as<std::string>(),
        .key_id = row[3].as<std::uint32_t>(),
        .signed_at = detail::to_time(row[4]),
        .checkpoint = row[5].as<std::string>(),
        .line = row[6].as<std::string>(),
    };
}

/// What `read(transaction)` yields, without a transaction around it.
template <class Value, class Read>
Result<Value> ask(Pool& pool, Read read) {
    Value value{};
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        value = read(session);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return value;
}

}  // namespace

Result<TreeRow> load_tree(Pool& pool) {
    return ask<TreeRow>(pool, [](auto& session) { return detail::load_tree(session); });
}

Result<std::vector<ledger::Hash>>
PoolHashes::load(std::uint32_t level, std::uint64_t first, std::uint64_t count) {
    return ask<std::vector<ledger::Hash>>(pool_, [&](auto& session) {
        return detail::load_hashes(session, level, first, count);
    });
}

Result<std::vector<Sha256Digest>> load_leaves(Pool& pool, std::uint64_t first, std::uint64_t count) {
    return ask<std::vector<Sha256Digest>>(pool, [&](auto& session) {
        return detail::load_leaves(session, first, count);
    });
}

Result<std::vector<RecordRow>> load_records(Pool& pool, std::uint64_t first, std::size_t limit) {
    return ask<std::vector<RecordRow>>(pool, [&](auto& session) {
        std::vector<RecordRow> records;
        for (const auto& row : run(session, kRecords, first, limit))
            records.push_back(to_record(row));
        return records;
    });
}

Result<std::optional<RecordRow>> find_record(Pool& pool, const Uuid& id) {
    return ask<std::optional<RecordRow>>(pool, [&](auto& session) -> std::optional<RecordRow> {
        const pqxx::result rows = run(session, kRecord, to_string(id));
        if (rows.empty()) return std::nullopt;
        return to_record(rows[0]);
    });
}

Result<std::optional<std::chrono::milliseconds>> load_longest_wait(Pool& pool) {
    using std::chrono::milliseconds;
    return ask<std::optional<milliseconds>>(pool, [](auto& session) -> std::optional<milliseconds> {
        const pqxx::result rows = session.exec(kLongestWait);
        if (rows[0][0].is_null()) return std::nullopt;
        return milliseconds{rows[0][0].template as<std::int64_t>()};
    });
}

Status wait_until_sequenced(Pool& pool, const Uuid& record, Deadline deadline) {
    for (;;) {
        const auto is_there = ask<bool>(pool, [&](auto& session) {
            const pqxx::result rows = run(session, kIsSequenced, to_string(record));
            return !rows.empty() && rows[0][0].template as<bool>();
        });
        if (!is_there) return std::unexpected(is_there.error());
        if (*is_there) return {};
        if (std::chrono::steady_clock::now() + kLookAgain >= deadline)
            return failure(
                Remedy::retry,
                "the audit log has not signed the record of this act in time: does `sluice work` run?",
                "LEDGER_UNAVAILABLE"
            );
        std::this_thread::sleep_for(kLookAgain);
    }
}

Result<std::optional<Uuid>>
erase_record(Pool& pool, const Uuid& record, const ledger::Act& reason, UtcTime now) {
    std::optional<Uuid> made;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto appended = append_record(transaction, reason, now);
        if (!appended) return std::unexpected(appended.error());
        const pqxx::result erased = run(transaction, kErase, to_string(record), to_string(*appended));
        if (!erased[0][0].as<bool>()) return {};  // nothing was taken away: neither is there a reason for it
        transaction.commit();
        made = *appended;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return made;
}

Result<bool> add_cosignature(Pool& pool, const CosignatureRow& row) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result inserted =
            run(transaction,
                kAddCosignature,
                row.size,
                detail::to_bytea(row.root),
                row.witness,
                std::uint64_t{row.key_id},
                to_epoch_us(row.signed_at),
                row.checkpoint,
                row.line);
        is_new = inserted.affected_rows() > 0;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<std::vector<CosignatureRow>> load_newest_cosignatures(Pool& pool) {
    return ask<std::vector<CosignatureRow>>(pool, [](auto& session) {
        std::vector<CosignatureRow> rows;
        for (const auto& row : session.exec(kNewestCosignatures))
            rows.push_back(to_cosignature(row));
        return rows;
    });
}

std::string to_note(const std::vector<CosignatureRow>& rows) {
    std::string note = rows.empty() ? std::string{} : rows.front().checkpoint;
    for (const CosignatureRow& row : rows)
        note += row.line;
    return note;
}

}  // namespace sluice::catalogue
