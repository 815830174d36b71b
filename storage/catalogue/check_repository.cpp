#include "storage/catalogue/check_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/event_id.hpp"
#include "storage/catalogue/detail/segment_row.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <chrono>
#include <type_traits>
#include <variant>

namespace sluice::catalogue {

namespace {

using detail::ArrayLiteral;
using detail::kIdSlack;
using detail::run;
using detail::to_segment;
using detail::to_uuid;

constexpr const char* kOnVolume = R"(
    SELECT id, stream_id, run_id, volume_id, sequence, state, path, to_us(from_at), to_us(to_at), bytes, sha256, format_id,
           samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition, is_damaged
    FROM segments
    WHERE stream_id = $2::uuid AND volume_id = $1::uuid
      AND from_at >= from_us($3::bigint) AND from_at < from_us($4::bigint)
    ORDER BY from_at, id)";

constexpr const char* kFinishedOnVolume = R"(
    SELECT id, stream_id, run_id, volume_id, sequence, state, path, to_us(from_at), to_us(to_at), bytes, sha256, format_id,
           samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition, is_damaged
    FROM segments
    WHERE volume_id = $1::uuid AND state = 'finished'
      AND from_at >= from_us($2::bigint) AND from_at < from_us($3::bigint)
      AND (from_at, id) > (from_us($4::bigint), $5::uuid)
    ORDER BY from_at, id LIMIT $6::bigint)";

constexpr const char* kInRun = R"(
    SELECT id, stream_id, run_id, volume_id, sequence, state, path, to_us(from_at), to_us(to_at), bytes, sha256, format_id,
           samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition, is_damaged
    FROM segments
    WHERE stream_id = $1::uuid AND run_id = $2::uuid AND sequence = $3::int
      AND from_at >= from_us($4::bigint - 86400000000) AND from_at <= from_us($4::bigint)
    ORDER BY from_at DESC LIMIT 1)";

constexpr const char* kUncopied = R"(
    SELECT s.id, s.stream_id, s.run_id, s.volume_id, s.sequence, s.state, s.path, to_us(s.from_at), to_us(s.to_at), s.bytes,
           s.sha256, s.format_id, s.samples, s.key_samples, s.fragments, s.duration_runs, s.composition_runs, s.sample_bytes,
           s.ticks, s.has_composition, s.is_damaged
    FROM segments s
    WHERE s.volume_id = $1::uuid AND s.state = 'suspect'
      AND s.from_at >= from_us($2::bigint) AND s.from_at < from_us($3::bigint)
      AND NOT EXISTS (SELECT FROM segment_copies c WHERE c.segment_id = s.id)
    ORDER BY s.from_at, s.id LIMIT $4::bigint)";

constexpr const char* kAnyOnVolume = R"(
    SELECT EXISTS (SELECT FROM segments WHERE volume_id = $1::uuid AND from_at >= from_us($2::bigint) AND from_at < from_us($3::bigint)))";

// A run's segments begin after it and end before what is known of its end.
constexpr const char* kSpan = R"(
    SELECT to_us(min(from_at)), to_us(max(greatest(from_at, to_at, footage_to))) FROM runs HAVING count(*) > 0)";

// What a line says is there, or the line itself is kept as an event (of a stream or gap that was unknown).
constexpr const char* kKnownLines = R"(
    SELECT n.place,
           EXISTS (SELECT FROM recorder_events e WHERE e.id = n.event) OR CASE n.kind
               WHEN 'run_started' THEN EXISTS (SELECT FROM runs r WHERE r.id = n.id)
               WHEN 'run_ended' THEN EXISTS (SELECT FROM runs r WHERE r.id = n.id AND r.to_at IS NOT NULL)
               WHEN 'gap_opened' THEN EXISTS (SELECT FROM gaps g WHERE g.id = n.id)
               WHEN 'gap_closed' THEN EXISTS (SELECT FROM gaps g WHERE g.id = n.id AND g.to_at IS NOT NULL)
               ELSE false END
    FROM unnest($1::text[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS n (kind, id, event, place))";

constexpr const char* kMark =
    "SELECT mark_damaged($1::uuid, from_us($2::bigint), $3::bigint[], $4::bigint[], $5::text[])";
constexpr const char* kDamage = R"(
    SELECT from_byte, to_byte, what FROM segment_damage WHERE segment_id = $1::uuid ORDER BY from_byte, to_byte, what)";

constexpr const char* kSaveCopy = R"(
    INSERT INTO segment_copies (segment_id, from_at, volume_id, path, bytes, sha256, to_at, problem)
    VALUES ($1::uuid, from_us($2::bigint), $3::uuid, $4, $5::bigint, $6::bytea, from_us($7::bigint), $8)
    ON CONFLICT (segment_id) DO UPDATE SET path = excluded.path, bytes = excluded.bytes, sha256 = excluded.sha256,
        to_at = excluded.to_at, problem = excluded.problem, copied_at = excluded.copied_at)";
constexpr const char* kCopy = R"(
    SELECT segment_id, to_us(from_at), volume_id, coalesce(path, ''), bytes, sha256, to_us(to_at), problem
    FROM segment_copies WHERE segment_id = $1::uuid)";

SegmentCopy to_copy(const pqxx::row& row) {
    return {
        .segment_id = to_uuid(row[0]),
        .from = detail::to_time(row[1]),
        .volume_id = to_uuid(row[2]),
        .path = row[3].as<std::string>(),
        .bytes = row[4].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[5]),
        .to = detail::to_optional_time(row[6]),
        .problem = row[7].as<std::string>(),
    };
}

constexpr const char* kCycle = R"(
    SELECT volume_id, to_us(began_at), to_us(ended_at), to_us(position_at), position_id, segments, bytes, damaged,
           to_us(last_ended_at)
    FROM scrub_cycles WHERE volume_id = $1::uuid)";
constexpr const char* kSaveCycle = R"(
    INSERT INTO scrub_cycles (volume_id, began_at, ended_at, position_at, position_id, segments, bytes, damaged, last_ended_at)
    VALUES ($1::uuid, from_us($2::bigint), from_us($3::bigint), from_us($4::bigint), $5::uuid, $6::bigint, $7::bigint,
            $8::bigint, from_us($9::bigint))
    ON CONFLICT (volume_id) DO UPDATE SET began_at = excluded.began_at, ended_at = excluded.ended_at,
        position_at = excluded.position_at, position_id = excluded.position_id, segments = excluded.segments,
        bytes = excluded.bytes, damaged = excluded.damaged, last_ended_at = excluded.last_ended_at)";

ScrubCycle to_cycle(const pqxx::row& row) {
    return {
        .volume_id = to_uuid(row[0]),
        .began = detail::to_time(row[1]),
        .ended = detail::to_optional_time(row[2]),
        .position_from = detail::to_time(row[3]),
        .position_id = to_uuid(row[4]),
        .segments = row[5].as<std::uint64_t>(),
        .bytes = row[6].as<std::uint64_t>(),
        .damaged = row[7].as<std::uint64_t>(),
        .last_ended = detail::to_optional_time(row[8]),
    };
}

constexpr const char* kState =
    "SELECT is_confirmed, to_us(rebuild_began_at), to_us(rebuild_ended_at) FROM catalogue_state";
constexpr const char* kLockState = "SELECT FROM catalogue_state FOR UPDATE";
constexpr const char* kHasFootage = "SELECT EXISTS (SELECT FROM segments)";
constexpr const char* kBeginRebuild = R"(
    UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = from_us($1::bigint), rebuild_ended_at = NULL)";
constexpr const char* kEndRebuild = R"(
    UPDATE catalogue_state SET rebuild_ended_at = greatest(rebuild_began_at, from_us($1::bigint)))";

template <class Row, class... Args>
Result<std::vector<Row>>
load(Pool& pool, Row (*from_row)(const pqxx::row&), const char* sql, const Args&... args) {
    std::vector<Row> loaded;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row : run(session, sql, args...))
            loaded.push_back(from_row(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return loaded;
}

template <class Row>
Result<std::optional<Row>> first_of(Result<std::vector<Row>> rows) {
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::optional<Row>{};
    return std::optional<Row>{std::move(rows->front())};
}

template <class... Args>
Status execute(Pool& pool, const char* sql, const Args&... args) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, sql, args...);
        transaction.commit();
        return {};
    });
}

// A time that may be missing, as libpqxx takes a null.
std::optional<std::int64_t> to_us(const std::optional<UtcTime>& time) {
    if (!time) return std::nullopt;
    return to_epoch_us(*time);
}

DamageKind to_kind(const pqxx::field& field) {
    const auto word = field.as<std::string>();
    for (const DamageKind kind : {DamageKind::box, DamageKind::content, DamageKind::index, DamageKind::lost})
        if (word == to_string(kind)) return kind;
    throw pqxx::conversion_error{"unknown kind of damage"};
}

Damage to_damage(const pqxx::row& row) {
    return {.from = row[0].as<std::uint64_t>(), .to = row[1].as<std::uint64_t>(), .kind = to_kind(row[2])};
}

struct FactKey {
    std::string_view kind;
    Uuid id;
};

FactKey key_of(const volume::JournalFact& fact) {
    return std::visit(
        [](const auto& one) -> FactKey {
            using Fact = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<Fact, volume::RunStarted>) return {"run_started", one.run_id};
            if constexpr (std::is_same_v<Fact, volume::RunEnded>) return {"run_ended", one.run_id};
            if constexpr (std::is_same_v<Fact, volume::GapOpened>) return {"gap_opened", one.gap_id};
            if constexpr (std::is_same_v<Fact, volume::GapClosed>) return {"gap_closed", one.gap_id};
            return {"event", Uuid{}};
        },
        fact
    );
}

}  // namespace

std::string_view to_string(DamageKind kind) noexcept {
    switch (kind) {
        case DamageKind::box:
            return "box";
        case DamageKind::content:
            return "content";
        case DamageKind::index:
            return "index";
        case DamageKind::lost:
            return "lost";
    }
    std::unreachable();
}

Result<std::vector<SegmentRow>>
load_segments_on_volume(Pool& pool, const Uuid& volume_id, const Uuid& stream_id, TimeRange range) {
    return load(
        pool,
        to_segment,
        kOnVolume,
        to_string(volume_id),
        to_string(stream_id),
        to_epoch_us(range.from),
        to_epoch_us(range.to)
    );
}

Result<std::vector<SegmentRow>> load_finished_on_volume(
    Pool& pool,
    const Uuid& volume_id,
    TimeRange range,
    UtcTime after_from,
    const Uuid& after_id,
    std::size_t limit
) {
    return load(
        pool,
        to_segment,
        kFinishedOnVolume,
        to_string(volume_id),
        to_epoch_us(range.from),
        to_epoch_us(range.to),
        to_epoch_us(after_from),
        to_string(after_id),
        limit
    );
}

Result<bool> has_segments_on_volume(Pool& pool, const Uuid& volume_id, TimeRange range) {
    const auto from_row = [](const pqxx::row& row) { return row[0].as<bool>() ? 1 : 0; };
    const auto found = first_of(load<int>(
        pool, from_row, kAnyOnVolume, to_string(volume_id), to_epoch_us(range.from), to_epoch_us(range.to)
    ));
    if (!found) return std::unexpected(found.error());
    return found->value_or(0) == 1;
}

Result<std::optional<SegmentRow>>
find_in_run(Pool& pool, const Uuid& stream_id, const Uuid& run_id, std::uint32_t sequence, UtcTime before) {
    return first_of(
        load(pool, to_segment, kInRun, to_string(stream_id), to_string(run_id), sequence, to_epoch_us(before))
    );
}

Result<std::optional<TimeRange>> find_footage_span(Pool& pool) {
    const auto from_row = [](const pqxx::row& row) {
        return TimeRange{.from = detail::to_time(row[0]), .to = detail::to_time(row[1])};
    };
    return first_of(load<TimeRange>(pool, from_row, kSpan));
}

Result<std::vector<bool>>
find_known_lines(Pool& pool, const Uuid& volume_id, std::span<const volume::JournalLine> lines) {
    ArrayLiteral kinds;
    ArrayLiteral ids;
    ArrayLiteral events;
    for (const volume::JournalLine& line : lines) {
        const FactKey key = key_of(line.fact);
        kinds.add(key.kind);
        ids.add(key.id);
        events.add(detail::event_id(volume_id, line));
    }
    std::vector<bool> known(lines.size(), false);
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row : run(session, kKnownLines, kinds.str(), ids.str(), events.str()))
            known.at(row[0].as<std::size_t>() - 1) = row[1].as<bool>();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return known;
}

Status mark_damaged(Pool& pool, const Uuid& segment_id, UtcTime from, std::span<const Damage> damage) {
    ArrayLiteral starts;
    ArrayLiteral ends;
    ArrayLiteral kinds;
    for (const Damage& one : damage) {
        starts.add(one.from);
        ends.add(one.to);
        kinds.add(to_string(one.kind));
    }
    return execute(
        pool, kMark, to_string(segment_id), to_epoch_us(from), starts.str(), ends.str(), kinds.str()
    );
}

Result<std::vector<Damage>> load_damage(Pool& pool, const Uuid& segment_id) {
    return load(pool, to_damage, kDamage, to_string(segment_id));
}

Status save_copy(Pool& pool, const SegmentCopy& copy) {
    const auto path =
        copy.path.empty() ? std::nullopt : std::optional{detail::clean_text(copy.path.native())};
    const auto hash = copy.sha256 ? std::optional{detail::to_bytea(*copy.sha256)} : std::nullopt;
    return execute(
        pool,
        kSaveCopy,
        to_string(copy.segment_id),
        to_epoch_us(copy.from),
        to_string(copy.volume_id),
        path,
        copy.bytes,
        hash,
        to_us(copy.to),
        detail::clean_text(copy.problem)
    );
}

Result<std::optional<SegmentCopy>> find_copy(Pool& pool, const Uuid& segment_id) {
    return first_of(load(pool, to_copy, kCopy, to_string(segment_id)));
}

Result<std::vector<SegmentRow>>
load_uncopied(Pool& pool, const Uuid& volume_id, TimeRange range, std::size_t limit) {
    return load(
        pool,
        to_segment,
        kUncopied,
        to_string(volume_id),
        to_epoch_us(range.from),
        to_epoch_us(range.to),
        limit
    );
}

Result<std::optional<ScrubCycle>> find_scrub_cycle(Pool& pool, const Uuid& volume_id) {
    return first_of(load(pool, to_cycle, kCycle, to_string(volume_id)));
}

Status save_scrub_cycle(Pool& pool, const ScrubCycle& cycle) {
    return execute(
        pool,
        kSaveCycle,
        to_string(cycle.volume_id),
        to_epoch_us(cycle.began),
        to_us(cycle.ended),
        to_epoch_us(cycle.position_from),
        to_string(cycle.position_id),
        cycle.segments,
        cycle.bytes,
        cycle.damaged,
        to_us(cycle.last_ended)
    );
}

Result<CatalogueState> load_catalogue_state(Pool& pool) {
    const auto from_row = [](const pqxx::row& row) {
        return CatalogueState{
            .is_confirmed = row[0].as<bool>(),
            .rebuild_began = detail::to_optional_time(row[1]),
            .rebuild_ended = detail::to_optional_time(row[2]),
        };
    };
    auto state = first_of(load<CatalogueState>(pool, from_row, kState));
    if (!state) return std::unexpected(state.error());
    if (!*state) return failure(Remedy::operator_acts, "the catalogue's state row is missing");
    return **state;
}

Status begin_rebuild(Pool& pool, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockState);
        const pqxx::result state = run(transaction, kState);
        const bool is_under_way = !state.empty() && !state[0][1].is_null() && state[0][2].is_null();
        if (is_under_way) return {};
        if (run(transaction, kHasFootage)[0][0].as<bool>())
            return failure(
                Remedy::refuse,
                "the catalogue has footage already; a rebuild fills an empty one (sluice migrate makes it)",
                "not_empty"
            );
        run(transaction, kBeginRebuild, to_epoch_us(now));
        transaction.commit();
        return {};
    });
}

Status end_rebuild(Pool& pool, UtcTime now) {
    return execute(pool, kEndRebuild, to_epoch_us(now));
}

}  // namespace sluice::catalogue
