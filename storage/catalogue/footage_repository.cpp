#include "storage/catalogue/footage_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/segment_row.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <algorithm>

namespace sluice::catalogue {

namespace {

using detail::first_of;
using detail::load_prepared;
using detail::run_prepared;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

// ---- cameras, streams, volumes

constexpr const char* kCameras = R"(
    SELECT c.id, c.recorder_id, r.slug, c.slug, c.name, coalesce(c.channel, 0), c.tags, c.zone, c.owner, c.is_enabled, to_us(c.retired_at)
    FROM cameras c JOIN recorders r ON r.id = c.recorder_id
    WHERE $1::bool OR c.retired_at IS NULL
    ORDER BY r.slug, c.channel, c.slug, c.retired_at)";

// A slug may have been handed on: the camera in use, else the one that left last.
constexpr const char* kCameraBySlug = R"(
    SELECT c.id, c.recorder_id, r.slug, c.slug, c.name, coalesce(c.channel, 0), c.tags, c.zone, c.owner, c.is_enabled, to_us(c.retired_at)
    FROM cameras c JOIN recorders r ON r.id = c.recorder_id
    WHERE c.slug = $1 ORDER BY c.retired_at DESC NULLS FIRST, c.id DESC LIMIT 1)";

CameraRow to_camera(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .recorder_id = to_uuid(row[1]),
        .recorder_slug = row[2].as<std::string>(),
        .slug = row[3].as<std::string>(),
        .name = row[4].as<std::string>(),
        .channel = row[5].as<int>(),
        .tags = detail::to_texts(row[6]),
        .zone = row[7].as<std::string>(),
        .owner = row[8].as<std::string>(),
        .is_enabled = row[9].as<bool>(),
        .retired = to_optional_time(row[10]),
    };
}

constexpr const char* kCameraWithStreams = R"(
    SELECT c.*, s.id, s.camera_id, s.kind FROM (
        SELECT c.id, c.recorder_id, r.slug AS recorder_slug, c.slug, c.name, coalesce(c.channel, 0), c.tags, c.zone, c.owner, c.is_enabled,
               to_us(c.retired_at)
        FROM cameras c JOIN recorders r ON r.id = c.recorder_id
        WHERE c.slug = $1 ORDER BY c.retired_at DESC NULLS FIRST, c.id DESC LIMIT 1) c
    LEFT JOIN streams s ON s.camera_id = c.id ORDER BY s.kind)";

constexpr const char* kStreams = "SELECT id, camera_id, kind FROM streams ORDER BY id";
constexpr const char* kStreamOfCamera =
    "SELECT id, camera_id, kind FROM streams WHERE camera_id = $1::uuid AND kind = $2";

StreamRow to_stream(const pqxx::row& row) {
    const auto kind = stream_kind_from(row[2].as<std::string>());
    if (!kind) throw pqxx::conversion_error{"unknown kind of stream"};
    return {.id = to_uuid(row[0]), .camera_id = to_uuid(row[1]), .kind = *kind};
}

/// A row of a camera for each of its streams, or one without.
CameraWithStreams to_camera_with_stream(const pqxx::row& row) {
    constexpr pqxx::row::size_type stream_at = 11;
    CameraWithStreams found{.camera = to_camera(row), .streams = {}};
    if (row[stream_at].is_null()) return found;
    const auto kind = stream_kind_from(row[stream_at + 2].as<std::string>());
    if (!kind) throw pqxx::conversion_error{"unknown kind of stream"};
    found.streams.push_back(
        {.id = to_uuid(row[stream_at]), .camera_id = to_uuid(row[stream_at + 1]), .kind = *kind}
    );
    return found;
}

constexpr const char* kVolumes = "SELECT id, installation_id, path FROM volumes ORDER BY id";

VolumeRow to_volume(const pqxx::row& row) {
    return {.id = to_uuid(row[0]), .installation_id = to_uuid(row[1]), .path = row[2].as<std::string>()};
}

// ---- segments

// A segment lasts a day at most (a constraint), so those that reach into the interval began at most a day
// before it; the index judges to_at itself. $4, $5: the cursor, or the beginning of time.
constexpr const char* kSegments = R"(
    SELECT id, stream_id, run_id, volume_id, sequence, state, path, to_us(from_at), to_us(to_at), bytes, sha256, format_id,
           samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition, is_damaged
    FROM segments
    WHERE stream_id = $1::uuid
      AND from_at >= from_us(greatest($2::bigint - 86400000000, $4::bigint))
      AND from_at < from_us($3::bigint) AND to_at > from_us($2::bigint)
      AND (from_at, id) > (from_us($4::bigint), $5::uuid)
    ORDER BY from_at, id LIMIT $6::bigint)";

// A segment's id is made when it begins, to the millisecond of the clock of then: two days either side for
// one that was set meanwhile.
constexpr const char* kSegmentById = R"(
    SELECT id, stream_id, run_id, volume_id, sequence, state, path, to_us(from_at), to_us(to_at), bytes, sha256, format_id,
           samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition, is_damaged
    FROM segments
    WHERE id = $1::uuid AND from_at >= from_us($2::bigint - 172800000000) AND from_at < from_us($2::bigint + 172800000000))";

constexpr const char* kIndexes = R"(
    SELECT n.place, i.data
    FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS n (id, us, place)
    JOIN segment_index i ON i.segment_id = n.id AND i.from_at = from_us(n.us)
    WHERE i.from_at >= from_us($3::bigint) AND i.from_at <= from_us($4::bigint))";

constexpr const char* kFormat =
    "SELECT id, codec, width, height, decoder_config, codec_string FROM formats WHERE id = $1::uuid";

FormatRow to_format(const pqxx::row& row) {
    const auto codec = codec_from(row[1].as<std::string>());
    if (!codec) throw pqxx::conversion_error{"unknown codec"};
    return {
        .id = to_uuid(row[0]),
        .format =
            {.codec = *codec,
             .width = row[2].as<std::uint32_t>(),
             .height = row[3].as<std::uint32_t>(),
             .decoder_config = detail::to_bytes(row[4]),
             .codec_string = row[5].as<std::string>()},
    };
}

constexpr const char* kRun = R"(
    SELECT id, stream_id, to_us(from_at), to_us(to_at), end_cause, clock_synchronised, measured_fps, media_rate, is_overlapping
    FROM runs WHERE id = $1::uuid)";

RunRow to_run(const pqxx::row& row) {
    RunRow read{
        .id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .from = to_time(row[2]),
        .to = to_optional_time(row[3]),
        .end_cause = std::nullopt,
        .clock_synchronised = std::nullopt,
        .measured_fps = row[6].as<double>(),
        .media_rate = row[7].as<double>(),
        .is_overlapping = row[8].as<bool>(),
    };
    if (!row[4].is_null()) read.end_cause = detail::to_cause(row[4]);
    if (!row[5].is_null()) read.clock_synchronised = row[5].as<bool>();
    return read;
}

}  // namespace

Result<std::vector<CameraRow>> load_cameras(Pool& pool, bool with_retired) {
    return load_prepared(pool, to_camera, kCameras, with_retired);
}

Result<std::optional<CameraRow>> find_camera(Pool& pool, const std::string& slug) {
    return first_of(load_prepared(pool, to_camera, kCameraBySlug, detail::clean_text(slug)));
}

Result<std::optional<CameraWithStreams>> find_camera_with_streams(Pool& pool, const std::string& slug) {
    auto rows = load_prepared(pool, to_camera_with_stream, kCameraWithStreams, detail::clean_text(slug));
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::optional<CameraWithStreams>{};
    CameraWithStreams found = std::move(rows->front());
    for (std::size_t i = 1; i < rows->size(); ++i)
        found.streams.push_back((*rows)[i].streams.front());
    return std::optional{std::move(found)};
}

Result<std::vector<StreamRow>> load_streams(Pool& pool) {
    return load_prepared(pool, to_stream, kStreams);
}

Result<std::optional<StreamRow>> find_stream(Pool& pool, const Uuid& camera_id, StreamKind kind) {
    return first_of(
        load_prepared(pool, to_stream, kStreamOfCamera, to_string(camera_id), std::string{to_string(kind)})
    );
}

Result<std::vector<VolumeRow>> load_volumes(Pool& pool) {
    return load_prepared(pool, to_volume, kVolumes);
}

Result<std::vector<SegmentRow>> load_segments(
    Pool& pool,
    const Uuid& stream_id,
    TimeRange range,
    std::optional<SegmentCursor> after,
    std::size_t limit
) {
    const SegmentCursor cursor = after.value_or(SegmentCursor{.from = UtcTime{}, .id = Uuid{}});
    return load_prepared(
        pool,
        detail::to_segment,
        kSegments,
        to_string(stream_id),
        to_epoch_us(range.from),
        to_epoch_us(range.to),
        to_epoch_us(cursor.from),
        to_string(cursor.id),
        limit
    );
}

Result<std::optional<SegmentRow>> find_segment(Pool& pool, const Uuid& segment_id) {
    const std::int64_t made_us = to_epoch_us(made_at(segment_id));
    return first_of(load_prepared(pool, detail::to_segment, kSegmentById, to_string(segment_id), made_us));
}

Result<Bytes> get_segment_index(Pool& pool, const Uuid& segment_id, UtcTime from) {
    auto indexes = get_segment_indexes(pool, {{segment_id, from}});
    if (!indexes) return std::unexpected(std::move(indexes.error()));
    return std::move(indexes->front());
}

Result<std::vector<Bytes>>
get_segment_indexes(Pool& pool, const std::vector<std::pair<Uuid, UtcTime>>& segments) {
    std::vector<Bytes> indexes(segments.size());
    if (segments.empty()) return indexes;
    detail::ArrayLiteral ids;
    detail::ArrayLiteral starts;
    UtcTime first = segments.front().second;
    UtcTime last = first;
    for (const auto& [id, from] : segments) {
        ids.add(id);
        starts.add(from);
        first = std::min(first, from);
        last = std::max(last, from);
    }
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::result rows = run_prepared(
            connection, session, kIndexes, ids.str(), starts.str(), to_epoch_us(first), to_epoch_us(last)
        );
        for (const auto& row : rows)
            indexes.at(row[0].as<std::size_t>() - 1) = detail::to_bytes(row[1]);
        for (std::size_t i = 0; i < indexes.size(); ++i)
            if (indexes[i].empty())  // a stored one never is
                return failure(
                    Remedy::refuse, "segment " + to_string(segments[i].first) + " has no index", "no_index"
                );
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return indexes;
}

Result<FormatRow> get_format(Pool& pool, const Uuid& format_id) {
    auto format = first_of(load_prepared(pool, to_format, kFormat, to_string(format_id)));
    if (!format) return std::unexpected(std::move(format.error()));
    if (!*format)
        return failure(Remedy::refuse, "format " + to_string(format_id) + " is unknown", "no_format");
    return std::move(**format);
}

Result<std::optional<RunRow>> find_run(Pool& pool, const Uuid& run_id) {
    return first_of(load_prepared(pool, to_run, kRun, to_string(run_id)));
}

}  // namespace sluice::catalogue
