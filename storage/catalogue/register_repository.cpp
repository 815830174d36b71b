#include "storage/catalogue/register_repository.hpp"

#include "storage/catalogue/detail/cases.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/request_step_repository.hpp"

namespace sluice::catalogue {
namespace {

using detail::run;

constexpr const char* kPeriod = R"(
    SELECT line, dossier_number, kind, facts::text, principal, to_us(at) FROM register_entries
    WHERE at >= from_us($1::bigint) AND at < from_us($2::bigint) AND line > $3::bigint
    ORDER BY line LIMIT $4::bigint)";
constexpr const char* kDossier = R"(
    SELECT line, dossier_number, kind, facts::text, principal, to_us(at) FROM register_entries
    WHERE dossier_number = $1 ORDER BY line)";
constexpr const char* kDossiers = R"(
    SELECT line, dossier_number, kind, facts::text, principal, to_us(at) FROM register_entries
    WHERE dossier_number IN (SELECT dossier_number FROM register_entries
                             WHERE at >= from_us($1::bigint) AND at < from_us($2::bigint))
    ORDER BY line LIMIT $3::bigint)";
constexpr const char* kLine = R"(
    SELECT line, dossier_number, kind, facts::text, principal, to_us(at) FROM register_entries WHERE line = $1::bigint)";
constexpr const char* kCorrection = R"(
    SELECT line, dossier_number, kind, facts::text, principal, to_us(at) FROM register_entries
    WHERE kind = 'corrected' AND facts ->> 'id' = $1)";

// A segment is at most a day long: one that reaches into the interval began at most a day before it.
constexpr const char* kSegments = R"(
    SELECT count(*) FROM streams t JOIN segments s ON s.stream_id = t.id
    WHERE t.camera_id = $1::uuid AND s.from_at < from_us($3::bigint)
      AND s.from_at > from_us($2::bigint) - interval '24 hours' AND s.to_at > from_us($2::bigint))";
constexpr const char* kDestroyed = R"(
    SELECT count(*), ARRAY(SELECT DISTINCT unnest(array_agg(d.rule))) FROM streams t JOIN tombstones d ON d.stream_id = t.id
    WHERE t.camera_id = $1::uuid AND d.from_at < from_us($3::bigint) AND d.to_at > from_us($2::bigint))";
constexpr const char* kCertificates = R"(
    SELECT ARRAY(SELECT DISTINCT c.id::text FROM streams t JOIN destroyed d ON d.stream_id = t.id
                 JOIN purge_certificates c ON c.id = d.run_id
                 WHERE t.camera_id = $1::uuid
                   AND tstzrange(d.from_at, d.to_at) && tstzrange(from_us($2::bigint), from_us($3::bigint))))";
constexpr const char* kGaps = R"(
    SELECT ARRAY(SELECT DISTINCT g.cause::text FROM streams t JOIN gaps g ON g.stream_id = t.id
                 WHERE t.camera_id = $1::uuid AND g.from_at < from_us($3::bigint)
                   AND coalesce(g.to_at, 'infinity') > from_us($2::bigint)))";
constexpr const char* kKnown = "SELECT EXISTS (SELECT FROM cameras WHERE id = $1::uuid)";

RegisterEntry to_entry(const pqxx::row& row) {
    return {
        .line = row[0].as<std::int64_t>(),
        .dossier_number = row[1].as<std::string>(),
        .kind = detail::to_word(row[2], release::entry_from),
        .facts = row[3].as<std::string>(),
        .principal = row[4].as<std::string>(),
        .at = detail::to_time(row[5]),
    };
}

}  // namespace

Result<std::vector<RegisterEntry>>
load_register(Pool& pool, const TimeRange& range, std::int64_t after, std::size_t limit) {
    return detail::load(
        pool, to_entry, kPeriod, to_epoch_us(range.from), to_epoch_us(range.to), after, limit
    );
}

Result<std::vector<RegisterEntry>> load_dossier_entries(Pool& pool, const std::string& dossier_number) {
    return detail::load(pool, to_entry, kDossier, dossier_number);
}

Result<std::vector<RegisterEntry>>
load_register_dossiers(Pool& pool, const TimeRange& range, std::size_t limit) {
    return detail::load(pool, to_entry, kDossiers, to_epoch_us(range.from), to_epoch_us(range.to), limit);
}

Result<std::optional<RegisterEntry>> find_register_line(Pool& pool, std::int64_t line) {
    return detail::first_of(detail::load(pool, to_entry, kLine, line));
}

Result<std::optional<RegisterEntry>> find_correction(Pool& pool, const Uuid& id) {
    return detail::first_of(detail::load(pool, to_entry, kCorrection, to_string(id)));
}

Result<std::int64_t> correct_register(
    Pool& pool,
    const std::string& dossier_number,
    const std::string& facts,
    const ledger::Act& act,
    UtcTime now
) {
    std::int64_t line = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const NewEntry entry{release::Entry::corrected, facts};
        line = add_register_entry(transaction, dossier_number, entry, act.actor, now);
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return line;
}

Result<Holding> measure_holding(Pool& pool, const Uuid& camera_id, const TimeRange& range) {
    Holding holding;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::transaction<pqxx::isolation_level::repeatable_read> transaction{connection.get()};
        const std::string camera = to_string(camera_id);
        const auto ask = [&](const char* sql) {
            return run(transaction, sql, camera, to_epoch_us(range.from), to_epoch_us(range.to))[0];
        };
        holding.is_known = run(transaction, kKnown, camera)[0][0].as<bool>();
        holding.segments = ask(kSegments)[0].as<std::uint64_t>();
        const pqxx::row destroyed = ask(kDestroyed);
        holding.destroyed = destroyed[0].as<std::uint64_t>();
        holding.rules = detail::to_texts(destroyed[1]);
        holding.certificates = detail::to_uuids(ask(kCertificates)[0]);
        holding.gap_causes = detail::to_texts(ask(kGaps)[0]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return holding;
}

}  // namespace sluice::catalogue
