// What stays of destroyed footage: tombstones, stretches, certificates.
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/purge_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue {

namespace {

using detail::load;
using detail::run;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

constexpr const char* kTombstones = R"(
    SELECT segment_id, stream_id, to_us(from_at), to_us(to_at), bytes, sha256, rule, volume_id, path
    FROM tombstones WHERE run = $1 AND segment_id > $2::uuid ORDER BY segment_id LIMIT $3::bigint)";

Tombstone to_tombstone(const pqxx::row& row) {
    return {
        .segment_id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .range = {.from = to_time(row[2]), .to = to_time(row[3])},
        .bytes = row[4].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[5]),
        .rule = row[6].as<std::string>(),
        .volume_id = to_uuid(row[7]),
        .path = row[8].as<std::string>(),
    };
}

constexpr const char* kDestroyed = R"(
    SELECT d.stream_id, d.run_id, d.rule, to_us(d.from_at), to_us(d.to_at), to_us(c.issued_at)
    FROM streams s JOIN destroyed d ON d.stream_id = s.id LEFT JOIN purge_certificates c ON c.id = d.run_id
    WHERE (s.id = $1::uuid OR ($1::uuid IS NULL AND s.kind = $2))
      AND tstzrange(d.from_at, d.to_at) && tstzrange(from_us($3::bigint), from_us($4::bigint))
    ORDER BY d.stream_id, d.from_at, d.run_id)";
constexpr const char* kDestroyedByRun = R"(
    SELECT d.stream_id, d.run_id, d.rule, to_us(d.from_at), to_us(d.to_at), to_us(c.issued_at)
    FROM destroyed d LEFT JOIN purge_certificates c ON c.id = d.run_id
    WHERE d.run_id = $1::uuid ORDER BY d.stream_id, d.from_at)";

DestroyedRow to_destroyed(const pqxx::row& row) {
    return {
        .stream_id = to_uuid(row[0]),
        .run_id = to_uuid(row[1]),
        .rule = row[2].as<std::string>(),
        .range = {.from = to_time(row[3]), .to = to_time(row[4])},
        .certified = to_optional_time(row[5]),
    };
}

constexpr const char* kDestroyedOriginals = R"(
    SELECT k.id, c.slug, k.name, k.sha256, k.bytes
    FROM tombstones t JOIN contractor_clips k ON k.id = t.segment_id JOIN contractor_cameras c ON c.id = k.camera_id
    WHERE t.run = $1 ORDER BY k.id)";

DestroyedOriginal to_original(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .camera = row[1].as<std::string>(),
        .name = row[2].as<std::string>(),
        .sha256 = detail::to_digest(row[3]).value_or(Sha256Digest{}),
        .bytes = row[4].as<std::uint64_t>(),
    };
}

// A segment lies in the folder of the UTC day in which it began; sessions have the time zone UTC.
constexpr const char* kDays = R"(
    SELECT DISTINCT to_char(day, 'YYYY-MM-DD')
    FROM destroyed, LATERAL generate_series(date_trunc('day', from_at), to_at, interval '1 day') AS day ORDER BY 1)";

constexpr const char* kSaveCertificate =
    "INSERT INTO purge_certificates (id, issued_at, body) VALUES ($1::uuid, from_us($2::bigint), $3)";
constexpr const char* kEndRun = R"(
    UPDATE purge_runs SET state = 'certified', ended_at = from_us($2::bigint), error = coalesce(nullif($3, ''), error)
    WHERE id = $1::uuid)";
constexpr const char* kCertificate = R"(
    SELECT id, to_us(issued_at), body FROM purge_certificates WHERE id = $1::uuid
    UNION ALL SELECT id, to_us(issued_at), body FROM hold_certificates WHERE id = $1::uuid)";

constexpr const char* kConfirm = "SELECT confirm_catalogue(from_us($1::bigint))";

std::string to_text(const pqxx::row& row) {
    return row[0].as<std::string>();
}

}  // namespace

Result<std::vector<Tombstone>>
load_tombstones(Pool& pool, const Uuid& run_id, const Uuid& after, std::size_t limit) {
    return load(pool, to_tombstone, kTombstones, to_string(run_id), to_string(after), limit);
}

Result<std::vector<DestroyedRow>>
load_destroyed(Pool& pool, std::optional<Uuid> stream_id, StreamKind kind, TimeRange range) {
    if (range.is_empty()) return std::vector<DestroyedRow>{};
    return load(
        pool,
        to_destroyed,
        kDestroyed,
        stream_id ? std::optional{to_string(*stream_id)} : std::nullopt,
        std::string{to_string(kind)},
        to_epoch_us(range.from),
        to_epoch_us(range.to)
    );
}

Result<std::vector<DestroyedRow>> load_destroyed_by_run(Pool& pool, const Uuid& run_id) {
    return load(pool, to_destroyed, kDestroyedByRun, to_string(run_id));
}

Result<std::vector<DestroyedOriginal>> load_destroyed_originals(Pool& pool, const Uuid& run_id) {
    return load(pool, to_original, kDestroyedOriginals, to_string(run_id));
}

Result<std::vector<std::string>> load_destroyed_days(Pool& pool) {
    return load(pool, to_text, kDays);
}

Status save_certificate(
    Pool& pool,
    const Certificate& certificate,
    const std::string& error,
    const ledger::Act& act
) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string id = to_string(certificate.id);
        const std::int64_t issued = to_epoch_us(certificate.issued);
        run(transaction, kSaveCertificate, id, issued, certificate.body);
        run(transaction, kEndRun, id, issued, detail::clean_text(error));
        if (auto record = append_record(transaction, act, certificate.issued); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Result<std::optional<Certificate>> find_certificate(Pool& pool, const Uuid& id) {
    const auto from_row = [](const pqxx::row& row) {
        return Certificate{
            .id = to_uuid(row[0]), .issued = to_time(row[1]), .body = row[2].as<std::string>()
        };
    };
    auto rows = load<Certificate>(pool, from_row, kCertificate, to_string(id));
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::optional<Certificate>{};
    return std::optional{std::move(rows->front())};
}

Result<bool> confirm_catalogue(Pool& pool, const ledger::Act& act, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        is_new = run(transaction, kConfirm, to_epoch_us(now))[0][0].as<bool>();
        if (!is_new) return {};
        if (auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

}  // namespace sluice::catalogue
