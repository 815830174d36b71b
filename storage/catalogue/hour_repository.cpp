#include "storage/catalogue/hour_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue {

namespace {

using detail::run;

constexpr const char* kBegin = R"(
    SELECT to_us(coalesce((SELECT max(hour) - interval '2 days' FROM ledger_hours),
                          date_trunc('hour', (SELECT min(from_at) FROM coverage)))))";

constexpr const char* kUnrecorded = R"(
    SELECT n.stream_id, to_us(n.hour), n.segments
    FROM (SELECT stream_id, date_trunc('hour', from_at) AS hour, count(*) AS segments FROM segments
          WHERE state = 'finished' AND from_at >= from_us($1::bigint) AND from_at < from_us($2::bigint)
          GROUP BY 1, 2) AS n
    WHERE n.segments > coalesce((SELECT max(h.segments) FROM ledger_hours h
                                 WHERE h.stream_id = n.stream_id AND h.hour = n.hour), 0)
    ORDER BY n.hour, n.stream_id LIMIT $3::bigint)";

constexpr const char* kCamera = R"(
    SELECT c.slug, c.id, s.kind FROM streams s JOIN cameras c ON c.id = s.camera_id WHERE s.id = $1::uuid)";

constexpr const char* kSegments = R"(
    SELECT id, bytes, sha256 FROM segments
    WHERE stream_id = $1::uuid AND state = 'finished' AND from_at >= from_us($2::bigint)
      AND from_at < from_us($2::bigint) + interval '1 hour'
    ORDER BY from_at, id)";

constexpr const char* kSave = R"(
    INSERT INTO ledger_hours (stream_id, hour, segments, record_id)
    VALUES ($1::uuid, from_us($2::bigint), $3::bigint, $4::uuid))";

}  // namespace

Result<std::optional<UtcTime>> load_hours_begin(Pool& pool) {
    std::optional<UtcTime> begin;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        begin = detail::to_optional_time(session.exec(kBegin)[0][0]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return begin;
}

Result<std::vector<RecordedHour>> load_unrecorded_hours(Pool& pool, TimeRange window, std::size_t limit) {
    std::vector<RecordedHour> hours;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row :
             run(session, kUnrecorded, to_epoch_us(window.from), to_epoch_us(window.to), limit))
            hours.push_back(
                {.stream_id = detail::to_uuid(row[0]),
                 .hour = detail::to_time(row[1]),
                 .segments = row[2].as<std::uint64_t>()}
            );
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return hours;
}

Result<HourManifest> load_manifest(Pool& pool, const RecordedHour& hour) {
    HourManifest manifest;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::result cameras = run(session, kCamera, to_string(hour.stream_id));
        manifest.camera_slug = cameras[0][0].as<std::string>();
        manifest.camera_id = detail::to_uuid(cameras[0][1]);
        manifest.stream = stream_kind_from(cameras[0][2].as<std::string>()).value_or(StreamKind::main);
        for (const auto& row : run(session, kSegments, to_string(hour.stream_id), to_epoch_us(hour.hour)))
            manifest.segments.push_back(
                {.id = detail::to_uuid(row[0]),
                 .bytes = row[1].as<std::uint64_t>(),
                 .sha256 = detail::to_digest(row[2]).value_or(Sha256Digest{})}
            );
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return manifest;
}

Status save_hour(Pool& pool, const RecordedHour& hour, const ledger::Act& act, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        run(transaction,
            kSave,
            to_string(hour.stream_id),
            to_epoch_us(hour.hour),
            hour.segments,
            to_string(*record));
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue
