// Runs of the purge: filed, moved from state to state, read.
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/purge_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <array>
#include <utility>

namespace sluice::catalogue {

namespace {

using detail::run;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

constexpr const char* kSaveRun = R"(
    INSERT INTO purge_runs (id, kind, principal_id, principal, policy_version, planned_at, planned_segments, planned_bytes)
    VALUES ($1::uuid, $2, $3::uuid, $4, $5::int, from_us($6::bigint), $7::bigint, $8::bigint))";
constexpr const char* kMoveRun = R"(
    UPDATE purge_runs SET state = $2, error = coalesce(nullif($4, ''), error),
        started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, from_us($3::bigint)) ELSE started_at END,
        ended_at = CASE WHEN $2 IN ('certified', 'aborted') THEN from_us($3::bigint) END
    WHERE id = $1::uuid)";

constexpr const char* kRun = R"(
    SELECT id, kind, state, principal_id, principal, policy_version, to_us(planned_at), to_us(started_at), to_us(ended_at),
           planned_segments, planned_bytes, destroyed_segments, destroyed_bytes, missing_files, kept_segments, coalesce(error, '')
    FROM purge_runs WHERE id = $1::uuid)";
constexpr const char* kUnfinished = R"(
    SELECT id, kind, state, principal_id, principal, policy_version, to_us(planned_at), to_us(started_at), to_us(ended_at),
           planned_segments, planned_bytes, destroyed_segments, destroyed_bytes, missing_files, kept_segments, coalesce(error, '')
    FROM purge_runs WHERE state IN ('planned', 'running', 'verified') ORDER BY planned_at, id)";
constexpr const char* kRuns = R"(
    SELECT id, kind, state, principal_id, principal, policy_version, to_us(planned_at), to_us(started_at), to_us(ended_at),
           planned_segments, planned_bytes, destroyed_segments, destroyed_bytes, missing_files, kept_segments, coalesce(error, '')
    FROM purge_runs WHERE (planned_at, id) < (from_us($1::bigint), $2::uuid) ORDER BY planned_at DESC, id DESC LIMIT $3::bigint)";

template <class Word, std::size_t n>
Word word_from(const std::array<Word, n>& words, const pqxx::field& field) {
    const auto text = field.as<std::string>();
    for (const Word word : words)
        if (text == to_string(word)) return word;
    throw pqxx::conversion_error{"unknown word in purge_runs"};
}

PurgeRunRow to_run(const pqxx::row& row) {
    constexpr std::array kinds{PurgeKind::rules, PurgeKind::space};
    constexpr std::array states{
        PurgeState::planned,
        PurgeState::running,
        PurgeState::verified,
        PurgeState::certified,
        PurgeState::aborted
    };
    return {
        .id = to_uuid(row[0]),
        .kind = word_from(kinds, row[1]),
        .state = word_from(states, row[2]),
        .principal_id = row[3].is_null() ? std::nullopt : std::optional{to_uuid(row[3])},
        .principal = row[4].as<std::string>(),
        .policy_version = row[5].as<int>(),
        .planned = to_time(row[6]),
        .started = to_optional_time(row[7]),
        .ended = to_optional_time(row[8]),
        .planned_segments = row[9].as<std::uint64_t>(),
        .planned_bytes = row[10].as<std::uint64_t>(),
        .destroyed_segments = row[11].as<std::uint64_t>(),
        .destroyed_bytes = row[12].as<std::uint64_t>(),
        .missing_files = row[13].as<std::uint64_t>(),
        .kept_segments = row[14].as<std::uint64_t>(),
        .error = row[15].as<std::string>(),
    };
}

template <class... Args>
Result<std::vector<PurgeRunRow>> load(Pool& pool, const char* sql, const Args&... args) {
    std::vector<PurgeRunRow> rows;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row : run(session, sql, args...))
            rows.push_back(to_run(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return rows;
}

}  // namespace

std::string_view to_string(PurgeKind kind) noexcept {
    return kind == PurgeKind::rules ? "rules" : "space";
}

std::string_view to_string(PurgeState state) noexcept {
    switch (state) {
        case PurgeState::planned:
            return "planned";
        case PurgeState::running:
            return "running";
        case PurgeState::verified:
            return "verified";
        case PurgeState::certified:
            return "certified";
        case PurgeState::aborted:
            return "aborted";
    }
    std::unreachable();
}

Status save_purge_run(Pool& pool, const PurgeRunRow& row) {
    const auto principal = row.principal_id ? std::optional{to_string(*row.principal_id)} : std::nullopt;
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction,
            kSaveRun,
            to_string(row.id),
            std::string{to_string(row.kind)},
            principal,
            detail::clean_text(row.principal),
            row.policy_version,
            to_epoch_us(row.planned),
            row.planned_segments,
            row.planned_bytes);
        transaction.commit();
        return {};
    });
}

Status move_purge_run(
    Pool& pool,
    const Uuid& id,
    PurgeState to,
    UtcTime now,
    const std::string& error,
    const ledger::Act* act
) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction,
            kMoveRun,
            to_string(id),
            std::string{to_string(to)},
            to_epoch_us(now),
            detail::clean_text(error));
        if (act != nullptr) {
            if (auto record = append_record(transaction, *act, now); !record)
                return std::unexpected(record.error());
        }
        transaction.commit();
        return {};
    });
}

Result<std::optional<PurgeRunRow>> find_purge_run(Pool& pool, const Uuid& id) {
    auto rows = load(pool, kRun, to_string(id));
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::optional<PurgeRunRow>{};
    return std::optional{std::move(rows->front())};
}

Result<std::vector<PurgeRunRow>> load_unfinished_purge_runs(Pool& pool) {
    return load(pool, kUnfinished);
}

Result<std::vector<PurgeRunRow>>
load_purge_runs(Pool& pool, std::optional<PurgeRunCursor> after, std::size_t limit) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const PurgeRunCursor cursor = after.value_or(PurgeRunCursor{.planned = far_future, .id = Uuid{}});
    return load(pool, kRuns, to_epoch_us(cursor.planned), to_string(cursor.id), limit);
}

}  // namespace sluice::catalogue
