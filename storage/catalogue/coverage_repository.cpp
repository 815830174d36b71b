#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/footage_repository.hpp"

namespace sluice::catalogue {

namespace {

using detail::run_prepared;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

// $1: a stream, or null for all of the kind $2. Finished stretches are stored; open segments count up to what
// is durable; both unite within a run as the stored ones do. A closed gap cuts what overlaps it. An open gap
// cuts nothing: footage that came after it says that it is over, even if the journal's line is not read yet.
constexpr const char* kCovered = R"(
    WITH asked AS (
        SELECT id FROM streams WHERE id = $1::uuid OR ($1::uuid IS NULL AND kind = $2)
    ), pieces AS (
        SELECT c.stream_id, c.run_id, c.from_at, c.to_at
        FROM coverage c JOIN asked ON asked.id = c.stream_id
        WHERE tstzrange(c.from_at, c.to_at) && tstzrange(from_us($3::bigint), from_us($4::bigint))
        UNION ALL
        SELECT s.stream_id, s.run_id, s.from_at, s.to_at
        FROM segments s JOIN asked ON asked.id = s.stream_id
        WHERE s.state = 'open' AND s.from_at < from_us($4::bigint) AND s.to_at > greatest(from_us($3::bigint), s.from_at)
          AND s.from_at >= from_us($3::bigint - 86400000000)
    ), runs_covered AS (
        SELECT stream_id, run_id, range_agg(tstzrange(from_at, to_at + coverage_tolerance())) AS stretches
        FROM pieces GROUP BY stream_id, run_id
    ), united AS (
        SELECT stream_id, run_id, range_agg(tstzrange(lower(stretch), upper(stretch) - coverage_tolerance())) AS stretches
        FROM runs_covered, LATERAL unnest(stretches) AS stretch GROUP BY stream_id, run_id
    ), missing AS (
        SELECT g.stream_id, range_agg(tstzrange(g.from_at, g.to_at)) AS times
        FROM gaps g JOIN asked ON asked.id = g.stream_id
        WHERE tstzrange(g.from_at, g.to_at) && tstzrange(from_us($3::bigint), from_us($4::bigint)) AND g.to_at IS NOT NULL
        GROUP BY g.stream_id
    )
    SELECT u.stream_id, u.run_id, to_us(lower(piece)), to_us(upper(piece))
    FROM united u LEFT JOIN missing m ON m.stream_id = u.stream_id,
         LATERAL unnest(u.stretches - coalesce(m.times, '{}')) AS piece
    WHERE piece && tstzrange(from_us($3::bigint), from_us($4::bigint))
    ORDER BY u.stream_id, lower(piece), u.run_id)";

CoverageRow to_coverage(const pqxx::row& row) {
    return {
        .stream_id = to_uuid(row[0]),
        .run_id = to_uuid(row[1]),
        .range = {.from = to_time(row[2]), .to = to_time(row[3])},
    };
}

constexpr const char* kGaps = R"(
    SELECT g.id, g.stream_id, to_us(g.from_at), to_us(g.to_at), g.cause, g.detail
    FROM gaps g JOIN streams s ON s.id = g.stream_id
    WHERE (s.id = $1::uuid OR ($1::uuid IS NULL AND s.kind = $2))
      AND tstzrange(g.from_at, g.to_at) && tstzrange(from_us($3::bigint), from_us($4::bigint))
    ORDER BY g.stream_id, g.from_at, g.id)";

GapRow to_gap(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .from = to_time(row[2]),
        .to = to_optional_time(row[3]),
        .cause = detail::to_cause(row[4]),
        .detail = row[5].as<std::string>(),
    };
}

}  // namespace

Result<Coverage> load_coverage(Pool& pool, std::optional<Uuid> stream_id, StreamKind kind, TimeRange range) {
    if (range.is_empty()) return Coverage{};
    Coverage coverage;
    const Status status = pool.with([&](Connection& connection) -> Status {
        // One picture: without it a gap could be closed between the two questions.
        pqxx::transaction<pqxx::isolation_level::repeatable_read> snapshot{connection.get()};
        const std::optional<std::string> stream =
            stream_id ? std::optional{to_string(*stream_id)} : std::nullopt;
        const char* id = stream ? stream->c_str() : nullptr;
        const std::string word{to_string(kind)};
        const std::int64_t from = to_epoch_us(range.from);
        const std::int64_t to = to_epoch_us(range.to);
        for (const auto& row : run_prepared(connection, snapshot, kCovered, id, word, from, to))
            coverage.covered.push_back(to_coverage(row));
        for (const auto& row : run_prepared(connection, snapshot, kGaps, id, word, from, to))
            coverage.gaps.push_back(to_gap(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return coverage;
}

Result<std::vector<GapRow>> load_gaps_of_stream(Pool& pool, const Uuid& stream_id, TimeRange range) {
    std::vector<GapRow> gaps;
    if (range.is_empty()) return gaps;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const std::string id = to_string(stream_id);
        const std::string kind;  // of no meaning beside an id
        const std::int64_t from = to_epoch_us(range.from);
        const std::int64_t to = to_epoch_us(range.to);
        for (const auto& row : run_prepared(connection, session, kGaps, id, kind, from, to))
            gaps.push_back(to_gap(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return gaps;
}

}  // namespace sluice::catalogue
