#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/overlaps.hpp"
#include "storage/catalogue/detail/segment_row.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/recorder_repository.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

namespace sluice::catalogue {

namespace {

using detail::ArrayLiteral;
using detail::kIdSlack;

// One statement's parameters stay a few megabytes; all chunks are one transaction.
constexpr std::size_t kChunk = 500;

constexpr const char* kSaveFormats = R"(
    INSERT INTO formats (id, codec, width, height, decoder_config, codec_string)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bytea[], $6::text[])
    ON CONFLICT (id) DO NOTHING)";

constexpr const char* kSaveRuns = R"(
    INSERT INTO runs (id, stream_id, from_at)
    SELECT id, stream_id, from_us(us) FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS n (id, stream_id, us) ORDER BY id
    ON CONFLICT (id) DO NOTHING)";

// In one order everywhere, before segments are touched: the trigger that keeps coverage locks runs as well.
constexpr const char* kLockRuns = "SELECT FROM runs WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE";

constexpr const char* kFootageTo = R"(
    UPDATE runs r SET footage_to = n.footage_to
    FROM (SELECT id, max(from_us(us)) AS footage_to FROM unnest($1::uuid[], $2::bigint[]) AS u (id, us) GROUP BY id) AS n
    WHERE r.id = n.id AND (r.footage_to IS NULL OR r.footage_to < n.footage_to))";

// The usual case of an open row, several times a minute and camera: it is there and has grown. One statement
// instead of six.
constexpr const char* kGrowOpen = R"(
    UPDATE segments s SET to_at = from_us(n.to_us), bytes = n.bytes
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS n (id, to_us, bytes)
    WHERE s.id = n.id AND s.state = 'open' AND s.from_at >= from_us($4) AND s.from_at < from_us($5)
      AND (s.to_at < from_us(n.to_us) OR s.bytes < n.bytes)
    RETURNING s.id)";

// $1…$21: a column of SegmentArrays each; $22, $23: what days to look at. The row keeps what it was when it
// is not open any more.
constexpr const char* kUpdateOpen = R"(
    UPDATE segments s SET from_at = n.from_at, to_at = n.to_at, bytes = n.bytes, format_id = n.format_id, state = n.state,
        path = n.path, sha256 = n.sha256, is_damaged = n.is_damaged, samples = n.samples, key_samples = n.key_samples,
        fragments = n.fragments, duration_runs = n.duration_runs, composition_runs = n.composition_runs,
        sample_bytes = n.sample_bytes, ticks = n.ticks, has_composition = n.has_composition
    FROM (
        SELECT id, format_id, from_us(from_us) AS from_at, from_us(to_us) AS to_at, bytes, state, path, sha256, is_damaged,
               samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::bigint[], $8::bigint[],
                    $9::bigint[], $10::text[], $11::text[], $12::bytea[], $13::bool[], $14::int[], $15::int[], $16::int[],
                    $17::int[], $18::int[], $19::bigint[], $20::bigint[], $21::bool[])
             AS u (id, stream_id, run_id, volume_id, format_id, sequence, from_us, to_us, bytes, state, path, sha256, is_damaged,
                   samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition)
    ) AS n
    WHERE s.id = n.id AND s.state = 'open' AND s.from_at >= from_us($22) AND s.from_at < from_us($23)
      AND (n.state <> 'open' OR s.to_at < n.to_at OR s.bytes < n.bytes))";

// New rows. Not those of a tombstone: what was destroyed does not come back (I12).
constexpr const char* kInsert = R"(
    INSERT INTO segments (id, stream_id, run_id, volume_id, format_id, sequence, from_at, to_at, bytes, state, path, sha256,
        is_damaged, samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition)
    SELECT id, stream_id, run_id, volume_id, format_id, sequence, from_us(from_us), from_us(to_us), bytes, state, path, sha256,
        is_damaged, samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::bigint[], $8::bigint[],
                $9::bigint[], $10::text[], $11::text[], $12::bytea[], $13::bool[], $14::int[], $15::int[], $16::int[],
                $17::int[], $18::int[], $19::bigint[], $20::bigint[], $21::bool[])
         AS u (id, stream_id, run_id, volume_id, format_id, sequence, from_us, to_us, bytes, state, path, sha256, is_damaged,
               samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition)
    WHERE NOT EXISTS (SELECT FROM segments s WHERE s.id = u.id AND s.from_at >= from_us($22) AND s.from_at < from_us($23))
      AND NOT EXISTS (SELECT FROM tombstones t WHERE t.segment_id = u.id)
    ON CONFLICT DO NOTHING)";

// Only beside a finished row: a suspect or destroyed segment has no index.
constexpr const char* kSaveIndexes = R"(
    INSERT INTO segment_index (segment_id, from_at, data)
    SELECT u.id, s.from_at, u.data
    FROM unnest($1::uuid[], $2::bytea[]) AS u (id, data)
    JOIN segments s ON s.id = u.id AND s.state = 'finished' AND s.from_at >= from_us($3) AND s.from_at < from_us($4)
    ON CONFLICT DO NOTHING)";

constexpr const char* kMarkSuspect = R"(
    UPDATE segments SET state = 'suspect', path = $2
    WHERE id = $1::uuid AND state = 'open' AND from_at >= from_us($3) AND from_at < from_us($4))";

constexpr const char* kFinished = R"(
    SELECT id FROM segments
    WHERE id = ANY($1::uuid[]) AND state = 'finished' AND from_at >= from_us($2) AND from_at < from_us($3))";
constexpr const char* kTombstoned = "SELECT segment_id FROM tombstones WHERE segment_id = ANY($1::uuid[])";

/// Columns of rows, in the order of the statements' parameters.
struct SegmentArrays {
    ArrayLiteral id, stream, run, volume, format, sequence, from, to, bytes, state, path, sha, damaged;
    ArrayLiteral samples, keys, fragments, durations, compositions, sample_bytes, ticks, has_composition;

    void add(const SegmentRow& row, SegmentState row_state, const Uuid& row_format) {
        id.add(row.id);
        stream.add(row.stream_id);
        run.add(row.run_id);
        volume.add(row.volume_id);
        format.add(row_format);
        sequence.add(std::uint64_t{row.sequence});
        from.add(row.range.from);
        to.add(row.range.to);
        bytes.add(row.bytes);
        state.add(to_string(row_state));
        path.add(std::string_view{row.path.native()});
        sha.add(row.sha256 ? std::optional<ByteView>{*row.sha256} : std::nullopt);
        damaged.add(row.is_damaged);
        samples.add(std::uint64_t{row.sums.samples});
        keys.add(std::uint64_t{row.sums.key_samples});
        fragments.add(std::uint64_t{row.sums.fragments});
        durations.add(std::uint64_t{row.sums.duration_runs});
        compositions.add(std::uint64_t{row.sums.composition_runs});
        sample_bytes.add(row.sums.sample_bytes);
        ticks.add(row.sums.ticks);
        has_composition.add(row.sums.has_composition);
    }

    void execute(pqxx::work& transaction, const char* sql, std::int64_t first_us, std::int64_t last_us)
        const {
        detail::run(
            transaction,
            sql,
            id.str(),
            stream.str(),
            run.str(),
            volume.str(),
            format.str(),
            sequence.str(),
            from.str(),
            to.str(),
            bytes.str(),
            state.str(),
            path.str(),
            sha.str(),
            damaged.str(),
            samples.str(),
            keys.str(),
            fragments.str(),
            durations.str(),
            compositions.str(),
            sample_bytes.str(),
            ticks.str(),
            has_composition.str(),
            first_us,
            last_us
        );
    }
};

/// What OpenSegment and FinishedRow have in common.
struct Item {
    const SegmentRow* row;
    const mp4::VideoFormat* format;
    const Bytes* index;  // null while open
};

void save_formats(pqxx::work& transaction, std::span<const Item> items) {
    std::map<Uuid, const mp4::VideoFormat*> formats;
    for (const Item& item : items)
        formats.emplace(format_id(*item.format), item.format);
    ArrayLiteral ids;
    ArrayLiteral codecs;
    ArrayLiteral widths;
    ArrayLiteral heights;
    ArrayLiteral configs;
    ArrayLiteral strings;
    for (const auto& [id, format] : formats) {
        ids.add(id);
        codecs.add(to_string(format->codec));
        widths.add(std::uint64_t{format->width});
        heights.add(std::uint64_t{format->height});
        configs.add(ByteView{format->decoder_config});
        strings.add(std::string_view{format->codec_string});
    }
    detail::run(
        transaction,
        kSaveFormats,
        ids.str(),
        codecs.str(),
        widths.str(),
        heights.str(),
        configs.str(),
        strings.str()
    );
}

// Runs that are not there yet begin with the first of these segments; the journal says later when they really
// began.
std::vector<Uuid> save_runs(pqxx::work& transaction, std::span<const Item> items) {
    std::map<Uuid, const SegmentRow*> firsts;
    for (const Item& item : items) {
        const auto [place, is_new] = firsts.emplace(item.row->run_id, item.row);
        if (!is_new && item.row->range.from < place->second->range.from) place->second = item.row;
    }
    ArrayLiteral ids;
    ArrayLiteral streams;
    ArrayLiteral starts;
    std::vector<Uuid> runs;
    for (const auto& [id, row] : firsts) {
        ids.add(id);
        streams.add(row->stream_id);
        starts.add(row->range.from);
        runs.push_back(id);
    }
    detail::run(transaction, kSaveRuns, ids.str(), streams.str(), starts.str());
    detail::run(transaction, kLockRuns, ids.str());
    return runs;
}

// Rows sorted by start; all parameters of one chunk lie in few days.
void save_rows(pqxx::work& transaction, std::span<const Item> items, SegmentState state) {
    SegmentArrays arrays;
    ArrayLiteral index_ids;
    ArrayLiteral indexes;
    for (const Item& item : items) {
        arrays.add(*item.row, state, format_id(*item.format));
        if (item.index == nullptr) continue;
        index_ids.add(item.row->id);
        indexes.add(ByteView{*item.index});
    }
    const std::int64_t first = to_epoch_us(items.front().row->range.from - kIdSlack);
    const std::int64_t last = to_epoch_us(items.back().row->range.from + kIdSlack);
    arrays.execute(transaction, kUpdateOpen, first, last);
    arrays.execute(transaction, kInsert, first, last);
    if (state == SegmentState::finished)
        detail::run(transaction, kSaveIndexes, index_ids.str(), indexes.str(), first, last);
}

void move_footage_to(pqxx::work& transaction, std::span<const Item> items) {
    ArrayLiteral runs;
    ArrayLiteral ends;
    for (const Item& item : items) {
        runs.add(item.row->run_id);
        ends.add(item.row->range.to);
    }
    detail::run(transaction, kFootageTo, runs.str(), ends.str());
}

Status save(Pool& pool, std::vector<Item> items, SegmentState state) {
    if (items.empty()) return {};
    std::ranges::sort(items, {}, [](const Item& item) { return item.row->range.from; });
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        save_formats(transaction, items);
        const std::vector<Uuid> runs = save_runs(transaction, items);
        for (std::span<const Item> rest{items}; !rest.empty();) {
            const auto chunk = rest.first(std::min(kChunk, rest.size()));
            save_rows(transaction, chunk, state);
            rest = rest.subspan(chunk.size());
        }
        if (state == SegmentState::finished) {
            move_footage_to(transaction, items);
            detail::flag_overlaps(transaction, runs);
        }
        transaction.commit();
        return {};
    });
}

/// Moves the ends of rows that are there; gives the ids of those that it moved.
Result<std::set<Uuid>> grow_open(Pool& pool, std::span<const OpenSegment> segments) {
    ArrayLiteral ids;
    ArrayLiteral ends;
    ArrayLiteral sizes;
    UtcTime first = UtcTime::max();
    UtcTime last = UtcTime::min();
    for (const OpenSegment& segment : segments) {
        ids.add(segment.row.id);
        ends.add(segment.row.range.to);
        sizes.add(segment.row.bytes);
        first = std::min(first, segment.row.range.from);
        last = std::max(last, segment.row.range.from);
    }
    std::set<Uuid> grown;
    const Status done = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows = detail::run(
            transaction,
            kGrowOpen,
            ids.str(),
            ends.str(),
            sizes.str(),
            to_epoch_us(first - kIdSlack),
            to_epoch_us(last + kIdSlack)
        );
        transaction.commit();
        for (const auto& row : rows)
            grown.insert(detail::to_uuid(row[0]));
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return grown;
}

}  // namespace

Status save_open_segments(Pool& pool, std::span<const OpenSegment> segments) {
    if (segments.empty()) return {};
    const auto grown = grow_open(pool, segments);
    if (!grown) return std::unexpected(grown.error());
    std::vector<Item> items;
    for (const auto& segment : segments)
        if (!grown->contains(segment.row.id)) items.push_back({&segment.row, &segment.format, nullptr});
    return save(pool, std::move(items), SegmentState::open);
}

Status save_finished_segments(Pool& pool, std::span<const FinishedRow> segments) {
    std::vector<Item> items;
    for (const auto& segment : segments)
        items.push_back({&segment.row, &segment.format, &segment.index});
    return save(pool, std::move(items), SegmentState::finished);
}

Status mark_suspect(Pool& pool, const Uuid& segment_id, const std::filesystem::path& path) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const UtcTime made = made_at(segment_id);
        detail::run(
            transaction,
            kMarkSuspect,
            to_string(segment_id),
            detail::clean_text(path.native()),
            to_epoch_us(made - kIdSlack),
            to_epoch_us(made + kIdSlack)
        );
        transaction.commit();
        return {};
    });
}

Result<KnownSegments> find_known_segments(Pool& pool, std::span<const Uuid> ids) {
    // By day of making, so that each question goes to five partitions however long the database was away.
    std::map<std::chrono::sys_days, ArrayLiteral> days;
    ArrayLiteral all;
    for (const Uuid& id : ids) {
        days[std::chrono::floor<std::chrono::days>(made_at(id))].add(id);
        all.add(id);
    }
    KnownSegments known;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& [day, day_ids] : days) {
            const std::int64_t first = to_epoch_us(UtcTime{day} - kIdSlack);
            const std::int64_t last = to_epoch_us(UtcTime{day} + std::chrono::hours{24} + kIdSlack);
            for (const auto& row : detail::run(session, kFinished, day_ids.str(), first, last))
                known.finished.push_back(detail::to_uuid(row[0]));
        }
        for (const auto& row : detail::run(session, kTombstoned, all.str()))
            known.tombstoned.push_back(detail::to_uuid(row[0]));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return known;
}

}  // namespace sluice::catalogue
