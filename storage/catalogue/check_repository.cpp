#include "storage/catalogue/check_repository.hpp"

#include "storage/catalogue/detail/event_id.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/segment_row.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <type_traits>
#include <variant>

namespace sluice::catalogue {

namespace {

using detail::ArrayLiteral;
using detail::execute;
using detail::first_of;
using detail::load;
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

// $4: streams, or null for all.
constexpr const char* kBytesOnVolume = R"(
    SELECT coalesce(sum(n.bytes), 0)::bigint FROM (
        SELECT bytes, stream_id FROM segments
        WHERE volume_id = $1::uuid AND state = 'finished' AND from_at >= from_us($2::bigint) AND from_at < from_us($3::bigint)
        UNION ALL
        SELECT bytes, stream_id FROM originals
        WHERE volume_id = $1::uuid AND from_at >= from_us($2::bigint) AND from_at < from_us($3::bigint)) n
    WHERE $4::uuid[] IS NULL OR n.stream_id = ANY($4::uuid[]))";

constexpr const char* kAnyOnVolume = R"(
    SELECT EXISTS (SELECT FROM segments WHERE volume_id = $1::uuid AND from_at >= from_us($2::bigint) AND from_at < from_us($3::bigint))
        OR EXISTS (SELECT FROM originals WHERE volume_id = $1::uuid AND from_at >= from_us($2::bigint) AND from_at < from_us($3::bigint)))";

// A run's segments begin after it and end before what is known of its end. A received file may have no run.
constexpr const char* kSpan = R"(
    SELECT to_us(min(n.low)), to_us(max(n.high)) FROM (
        SELECT min(from_at) AS low, max(greatest(from_at, to_at, footage_to)) AS high FROM runs
        UNION ALL SELECT min(from_at), max(to_at) FROM originals) n
    HAVING min(n.low) IS NOT NULL)";

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

Result<std::uint64_t> sum_finished_on_volume(
    Pool& pool,
    const Uuid& volume_id,
    TimeRange range,
    const std::optional<std::vector<Uuid>>& streams
) {
    const auto from_row = [](const pqxx::row& row) { return row[0].as<std::uint64_t>(); };
    std::optional<std::string> ids;
    if (streams) {
        ArrayLiteral list;
        for (const Uuid& id : *streams)
            list.add(id);
        ids = list.str();
    }
    const auto sum = first_of(load<std::uint64_t>(
        pool,
        from_row,
        kBytesOnVolume,
        to_string(volume_id),
        to_epoch_us(range.from),
        to_epoch_us(range.to),
        ids
    ));
    if (!sum) return std::unexpected(sum.error());
    return sum->value_or(0);
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

Result<std::optional<ScrubCycle>> find_scrub_cycle(Pool& pool, const Uuid& volume_id) {
    return first_of(load(pool, to_cycle, kCycle, to_string(volume_id)));
}

Status save_scrub_cycle(Pool& pool, const ScrubCycle& cycle) {
    return execute(
        pool,
        kSaveCycle,
        to_string(cycle.volume_id),
        to_epoch_us(cycle.began),
        detail::to_optional_us(cycle.ended),
        to_epoch_us(cycle.position_from),
        to_string(cycle.position_id),
        cycle.segments,
        cycle.bytes,
        cycle.damaged,
        detail::to_optional_us(cycle.last_ended)
    );
}

}  // namespace sluice::catalogue
