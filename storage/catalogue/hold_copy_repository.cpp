#include "storage/catalogue/hold_copy_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::catalogue {

namespace {

using detail::load;
using detail::run;
using detail::to_time;
using detail::to_uuid;

// Any number, the same in every version, and another than the purge's.
constexpr const char* kTryLock = "SELECT pg_try_advisory_lock(7235111)";
constexpr const char* kUnlock = "SELECT pg_advisory_unlock(7235111)";

constexpr const char* kHolds = R"(
    SELECT h.id FROM holds h
    WHERE h.kind = 'special'
      AND ((h.released_at IS NULL AND h.expires_at > from_us($1::bigint))
           OR EXISTS (SELECT FROM hold_copies c WHERE c.hold_id = h.id AND c.certificate_id IS NULL))
    ORDER BY h.placed_at, h.id)";

// A segment is at most a day long: one that reaches into the interval began at most a day before it.
constexpr const char* kWanted = R"(
    SELECT s.id, s.stream_id, to_us(s.from_at), to_us(s.to_at), s.volume_id, s.path, s.bytes, s.sha256,
           c.volume_id, coalesce(c.path, '')
    FROM holds h JOIN hold_cameras k ON k.hold_id = h.id JOIN streams t ON t.camera_id = k.camera_id
         JOIN segments s ON s.stream_id = t.id
         LEFT JOIN hold_copies c ON c.hold_id = h.id AND c.segment_id = s.id
    WHERE h.id = $1::uuid AND h.released_at IS NULL AND h.expires_at > from_us($2::bigint)
      AND s.state = 'finished' AND s.from_at < h.to_at AND s.to_at > h.from_at AND s.from_at > h.from_at - interval '24 hours'
      AND (s.from_at, s.id) > (from_us($3::bigint), $4::uuid)
      AND (c.hold_id IS NULL OR (c.verified_at IS NULL AND c.destroyed_at IS NULL
           AND (c.problem = '' OR c.tried_at <= from_us($2::bigint) - interval '1 hour')))
    ORDER BY s.from_at, s.id LIMIT $5::bigint)";

WantedCopy to_wanted(const pqxx::row& row) {
    WantedCopy copy{
        .segment_id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .range = {.from = to_time(row[2]), .to = to_time(row[3])},
        .source_volume_id = to_uuid(row[4]),
        .source_path = row[5].as<std::string>(),
        .bytes = row[6].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[7]).value_or(Sha256Digest{}),
        .path = row[9].as<std::string>(),
    };
    if (!row[8].is_null()) copy.volume_id = to_uuid(row[8]);
    return copy;
}

constexpr const char* kBegin = R"(
    INSERT INTO hold_copies (hold_id, segment_id, stream_id, from_at, to_at, source_volume_id, volume_id, path, bytes, sha256,
        tried_at)
    SELECT h.id, $2::uuid, $3::uuid, from_us($4::bigint), from_us($5::bigint), $6::uuid, $7::uuid, $8, $9::bigint,
           $10::bytea, from_us($11::bigint)
    FROM holds h WHERE h.id = $1::uuid AND h.kind = 'special' AND h.released_at IS NULL AND h.expires_at > from_us($11::bigint)
    ON CONFLICT (hold_id, segment_id) DO UPDATE SET tried_at = excluded.tried_at
    WHERE hold_copies.verified_at IS NULL AND hold_copies.destroyed_at IS NULL)";
constexpr const char* kVerified = R"(
    UPDATE hold_copies SET verified_at = from_us($3::bigint), problem = ''
    WHERE hold_id = $1::uuid AND segment_id = $2::uuid AND verified_at IS NULL AND destroyed_at IS NULL)";
constexpr const char* kFailed = R"(
    UPDATE hold_copies SET problem = $3, tried_at = from_us($4::bigint)
    WHERE hold_id = $1::uuid AND segment_id = $2::uuid AND destroyed_at IS NULL)";
constexpr const char* kProblem = R"(
    INSERT INTO hold_copy_problems AS p (hold_id, problem, since) VALUES ($1::uuid, $2, from_us($3::bigint))
    ON CONFLICT (hold_id) DO UPDATE SET problem = excluded.problem, since = excluded.since
    WHERE p.problem <> excluded.problem)";

constexpr const char* kToEnd = R"(
    SELECT c.segment_id, c.stream_id, to_us(c.from_at), to_us(c.to_at), c.volume_id, c.path, c.bytes, c.sha256,
           c.verified_at IS NOT NULL, h.released_at IS NOT NULL OR h.expires_at <= from_us($2::bigint), coalesce(c.rule, '')
    FROM hold_copies c JOIN holds h ON h.id = c.hold_id
    WHERE c.hold_id = $1::uuid AND c.destroyed_at IS NULL AND c.segment_id > $4::uuid
      AND (h.released_at IS NOT NULL OR h.expires_at <= from_us($2::bigint) OR c.from_at < from_us($3::bigint))
      AND (c.problem = '' OR c.tried_at <= from_us($2::bigint) - interval '1 hour')
    ORDER BY c.segment_id LIMIT $5::bigint)";
constexpr const char* kAgain = R"(
    SELECT c.segment_id, c.stream_id, to_us(c.from_at), to_us(c.to_at), c.volume_id, c.path, c.bytes, c.sha256,
           c.verified_at IS NOT NULL, h.released_at IS NOT NULL OR h.expires_at <= from_us($2::bigint), coalesce(c.rule, '')
    FROM hold_copies c JOIN holds h ON h.id = c.hold_id
    WHERE c.hold_id = $1::uuid AND c.destroyed_at IS NULL AND c.segment_id = ANY ($3::uuid[]) ORDER BY c.segment_id)";
constexpr const char* kUncertified = R"(
    SELECT c.segment_id, c.stream_id, to_us(c.from_at), to_us(c.to_at), c.volume_id, c.path, c.bytes, c.sha256,
           c.verified_at IS NOT NULL, true, c.rule
    FROM hold_copies c
    WHERE c.hold_id = $1::uuid AND c.destroyed_at IS NOT NULL AND c.certificate_id IS NULL
    ORDER BY c.segment_id)";

HoldCopyRow to_copy(const pqxx::row& row) {
    return {
        .segment_id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .range = {.from = to_time(row[2]), .to = to_time(row[3])},
        .volume_id = to_uuid(row[4]),
        .path = row[5].as<std::string>(),
        .bytes = row[6].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[7]).value_or(Sha256Digest{}),
        .is_verified = row[8].as<bool>(),
        .is_hold_over = row[9].as<bool>(),
        .rule = row[10].as<std::string>(),
    };
}

constexpr const char* kLockHolds = "SELECT lock_holds_to_destroy()";
constexpr const char* kDestroy = R"(
    UPDATE hold_copies c SET destroyed_at = from_us($2::bigint), rule = n.rule
    FROM unnest($3::uuid[], $4::text[]) AS n (id, rule) WHERE c.hold_id = $1::uuid AND c.segment_id = n.id)";
constexpr const char* kSaveCertificate =
    "INSERT INTO hold_certificates (id, hold_id, issued_at, body) VALUES ($1::uuid, $2::uuid, "
    "from_us($3::bigint), $4)";
constexpr const char* kCertify = R"(
    UPDATE hold_copies SET certificate_id = $2::uuid
    WHERE hold_id = $1::uuid AND destroyed_at IS NOT NULL AND certificate_id IS NULL)";

constexpr const char* kMeasure = R"(
    WITH touched AS (
        SELECT count(*) FILTER (WHERE s.state = 'finished') AS finished, count(*) FILTER (WHERE s.state = 'suspect') AS suspect
        FROM holds h JOIN hold_cameras k ON k.hold_id = h.id JOIN streams t ON t.camera_id = k.camera_id
             JOIN segments s ON s.stream_id = t.id
        WHERE h.id = $1::uuid AND h.released_at IS NULL AND h.expires_at > from_us($2::bigint)
          AND s.from_at < h.to_at AND s.to_at > h.from_at AND s.from_at > h.from_at - interval '24 hours'
    ), kept AS (
        SELECT count(*) FILTER (WHERE verified_at IS NOT NULL AND destroyed_at IS NULL) AS verified, count(destroyed_at) AS destroyed,
               min(problem) FILTER (WHERE problem <> '' AND destroyed_at IS NULL) AS problem
        FROM hold_copies WHERE hold_id = $1::uuid
    )
    SELECT t.finished, t.suspect, k.verified, k.destroyed,
           coalesce((SELECT nullif(p.problem, '') FROM hold_copy_problems p WHERE p.hold_id = $1::uuid), k.problem, ''),
           ARRAY(SELECT c.id::text FROM hold_certificates c WHERE c.hold_id = $1::uuid ORDER BY c.issued_at, c.id)
    FROM touched t, kept k)";

/// How many rows it changed.
template <class... Args>
Result<std::size_t> execute(Pool& pool, const char* sql, const Args&... args) {
    std::size_t rows = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        rows = static_cast<std::size_t>(run(transaction, sql, args...).affected_rows());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return rows;
}

Status to_status(const Result<std::size_t>& done) {
    if (!done) return std::unexpected(done.error());
    return {};
}

Uuid to_id(const pqxx::row& row) {
    return to_uuid(row[0]);
}

}  // namespace

Result<bool> with_copies_lock(Pool& pool, const std::function<Status()>& use) {
    bool is_ours = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        {
            pqxx::nontransaction session{connection.get()};
            is_ours = run(session, kTryLock)[0][0].as<bool>();
        }
        if (!is_ours) return {};
        const Status done = use();
        // On a connection that broke meanwhile this throws, and the lock went with it.
        pqxx::nontransaction session{connection.get()};
        run(session, kUnlock);
        return done;
    });
    if (!status) return std::unexpected(status.error());
    return is_ours;
}

Result<std::vector<Uuid>> load_holds_with_copies(Pool& pool, UtcTime now) {
    return load(pool, to_id, kHolds, to_epoch_us(now));
}

Result<std::vector<WantedCopy>> load_wanted_copies(
    Pool& pool,
    const Uuid& hold_id,
    UtcTime now,
    std::optional<SegmentCursor> after,
    std::size_t limit
) {
    return load(
        pool,
        to_wanted,
        kWanted,
        to_string(hold_id),
        to_epoch_us(now),
        after ? to_epoch_us(after->from) : std::int64_t{0},
        to_string(after ? after->id : Uuid{}),
        limit
    );
}

Result<bool> begin_hold_copy(Pool& pool, const Uuid& hold_id, const WantedCopy& copy, UtcTime now) {
    const auto rows = execute(
        pool,
        kBegin,
        to_string(hold_id),
        to_string(copy.segment_id),
        to_string(copy.stream_id),
        to_epoch_us(copy.range.from),
        to_epoch_us(copy.range.to),
        to_string(copy.source_volume_id),
        to_string(copy.volume_id.value_or(Uuid{})),
        copy.path.string(),
        copy.bytes,
        detail::to_bytea(copy.sha256),
        to_epoch_us(now)
    );
    if (!rows) return std::unexpected(rows.error());
    return *rows > 0;
}

Status save_verified_copy(Pool& pool, const Uuid& hold_id, const Uuid& segment_id, UtcTime now) {
    return to_status(execute(pool, kVerified, to_string(hold_id), to_string(segment_id), to_epoch_us(now)));
}

Status save_copy_failure(
    Pool& pool,
    const Uuid& hold_id,
    const Uuid& segment_id,
    const std::string& problem,
    UtcTime now
) {
    return to_status(execute(
        pool,
        kFailed,
        to_string(hold_id),
        to_string(segment_id),
        detail::clean_text(problem),
        to_epoch_us(now)
    ));
}

Status save_copies_problem(Pool& pool, const Uuid& hold_id, const std::string& problem, UtcTime now) {
    return to_status(
        execute(pool, kProblem, to_string(hold_id), detail::clean_text(problem), to_epoch_us(now))
    );
}

Result<std::vector<HoldCopyRow>> load_copies_to_end(
    Pool& pool,
    const Uuid& hold_id,
    UtcTime now,
    UtcTime began_before,
    const Uuid& after,
    std::size_t limit
) {
    return load(
        pool,
        to_copy,
        kToEnd,
        to_string(hold_id),
        to_epoch_us(now),
        to_epoch_us(began_before),
        to_string(after),
        limit
    );
}

Result<std::size_t> destroy_hold_copies(
    Pool& pool,
    const Uuid& hold_id,
    std::span<const HoldCopyRow> copies,
    UtcTime now,
    const std::function<std::optional<std::string>(const HoldCopyRow&)>& rule_of,
    const std::function<std::vector<Uuid>(std::span<const HoldCopyRow>)>& unlink
) {
    detail::ArrayLiteral wanted;
    for (const HoldCopyRow& copy : copies)
        wanted.add(copy.segment_id);
    std::size_t gone = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockHolds);
        std::vector<HoldCopyRow> going;
        for (const auto& row : run(transaction, kAgain, to_string(hold_id), to_epoch_us(now), wanted.str())) {
            HoldCopyRow copy = to_copy(row);
            const auto rule = rule_of(copy);
            if (!rule) continue;
            copy.rule = *rule;
            going.push_back(std::move(copy));
        }
        if (going.empty()) return {};
        const std::vector<Uuid> unlinked = unlink(going);
        detail::ArrayLiteral ids;
        detail::ArrayLiteral rules;
        for (const HoldCopyRow& copy : going) {
            if (std::ranges::find(unlinked, copy.segment_id) == unlinked.end()) continue;
            ids.add(copy.segment_id);
            rules.add(std::string_view{copy.rule});
        }
        gone = static_cast<std::size_t>(
            run(transaction, kDestroy, to_string(hold_id), to_epoch_us(now), ids.str(), rules.str())
                .affected_rows()
        );
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return gone;
}

Result<std::vector<HoldCopyRow>> load_uncertified_copies(Pool& pool, const Uuid& hold_id) {
    return load(pool, to_copy, kUncertified, to_string(hold_id));
}

Status save_hold_certificate(
    Pool& pool,
    const Uuid& hold_id,
    const Certificate& certificate,
    const ledger::Act& act
) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string id = to_string(certificate.id);
        const std::string hold = to_string(hold_id);
        run(transaction, kSaveCertificate, id, hold, to_epoch_us(certificate.issued), certificate.body);
        run(transaction, kCertify, hold, id);
        if (auto record = append_record(transaction, act, certificate.issued); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Result<HoldCopies> measure_copies(Pool& pool, const Uuid& hold_id, UtcTime now) {
    const auto from_row = [](const pqxx::row& row) {
        return HoldCopies{
            .wanted = row[0].as<std::uint64_t>(),
            .suspect = row[1].as<std::uint64_t>(),
            .verified = row[2].as<std::uint64_t>(),
            .destroyed = row[3].as<std::uint64_t>(),
            .problem = row[4].as<std::string>(),
            .certificates = detail::to_texts(row[5]),
        };
    };
    const auto rows = load<HoldCopies>(pool, from_row, kMeasure, to_string(hold_id), to_epoch_us(now));
    if (!rows) return std::unexpected(rows.error());
    return rows->front();
}

}  // namespace sluice::catalogue
