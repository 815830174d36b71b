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
// is durable.
constexpr const char* kPieces = R"(
    WITH asked AS (
        SELECT id FROM streams WHERE id = $1::uuid OR ($1::uuid IS NULL AND kind = $2)
    )
    SELECT c.stream_id, c.run_id, to_us(c.from_at), to_us(c.to_at)
    FROM coverage c JOIN asked ON asked.id = c.stream_id
    WHERE tstzrange(c.from_at, c.to_at) && tstzrange(from_us($3::bigint), from_us($4::bigint))
    UNION ALL
    SELECT s.stream_id, s.run_id, to_us(s.from_at), to_us(s.to_at)
    FROM segments s JOIN asked ON asked.id = s.stream_id
    WHERE s.state = 'open' AND s.from_at < from_us($4::bigint) AND s.to_at > greatest(from_us($3::bigint), s.from_at)
      AND s.from_at >= from_us($3::bigint - 86400000000))";

// There are few copies, most often none; only then are their segments looked for.
constexpr const char* kCopies = R"(
    SELECT segment_id FROM segment_copies
    WHERE path IS NOT NULL AND from_at < from_us($2::bigint) AND to_at > from_us($1::bigint))";
constexpr const char* kCopiedPieces = R"(
    SELECT s.stream_id, s.run_id, to_us(c.from_at), to_us(c.to_at)
    FROM segment_copies c JOIN segments s ON s.id = c.segment_id AND s.from_at = c.from_at JOIN streams t ON t.id = s.stream_id
    WHERE c.path IS NOT NULL AND c.from_at < from_us($4::bigint) AND c.to_at > from_us($3::bigint)
      AND s.state = 'suspect' AND s.from_at >= from_us($3::bigint - 86400000000) AND s.from_at < from_us($4::bigint)
      AND (t.id = $1::uuid OR ($1::uuid IS NULL AND t.kind = $2)))";

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

struct Asked {
    std::optional<Uuid> stream_id;
    StreamKind kind;  ///< of no meaning beside an id
    TimeRange range;
};

pqxx::result
ask(Connection& connection, pqxx::transaction_base& transaction, const char* sql, const Asked& asked) {
    const std::optional<std::string> stream =
        asked.stream_id ? std::optional{to_string(*asked.stream_id)} : std::nullopt;
    const char* id = stream ? stream->c_str() : nullptr;
    const std::string kind{to_string(asked.kind)};
    return run_prepared(
        connection, transaction, sql, id, kind, to_epoch_us(asked.range.from), to_epoch_us(asked.range.to)
    );
}

/// As the journal told it, and what was copied since.
struct Found {
    std::vector<GapRow> gaps;
    std::vector<CoverageRow> copies;
};

Found find_missing(Connection& connection, pqxx::transaction_base& transaction, const Asked& asked) {
    Found found;
    for (const auto& row : ask(connection, transaction, kGaps, asked))
        found.gaps.push_back(to_gap(row));
    const auto copies = run_prepared(
        connection, transaction, kCopies, to_epoch_us(asked.range.from), to_epoch_us(asked.range.to)
    );
    if (copies.empty()) return found;
    for (const auto& row : ask(connection, transaction, kCopiedPieces, asked))
        found.copies.push_back(to_coverage(row));
    return found;
}

}  // namespace

Result<Coverage> load_coverage(Pool& pool, std::optional<Uuid> stream_id, StreamKind kind, TimeRange range) {
    if (range.is_empty()) return Coverage{};
    std::vector<CoverageRow> pieces;
    Found found;
    const Status status = pool.with([&](Connection& connection) -> Status {
        // One picture: without it a gap could be closed between the questions.
        pqxx::transaction<pqxx::isolation_level::repeatable_read> snapshot{connection.get()};
        const Asked asked{stream_id, kind, range};
        for (const auto& row : ask(connection, snapshot, kPieces, asked))
            pieces.push_back(to_coverage(row));
        found = find_missing(connection, snapshot, asked);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    pieces.insert(pieces.end(), found.copies.begin(), found.copies.end());
    Coverage coverage;
    coverage.gaps = relieve_gaps(found.gaps, found.copies, range);
    coverage.covered = cut_gaps(unite_pieces(std::move(pieces)), coverage.gaps, range);
    return coverage;
}

Result<std::vector<GapRow>> load_gaps_of_stream(Pool& pool, const Uuid& stream_id, TimeRange range) {
    if (range.is_empty()) return std::vector<GapRow>{};
    Found found;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        found = find_missing(connection, session, {stream_id, StreamKind::main, range});
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return relieve_gaps(found.gaps, found.copies, range);
}

}  // namespace sluice::catalogue
