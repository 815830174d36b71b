#pragma once

#include "storage/catalogue/coverage.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What readers ask of the catalogue. Roles: sluice_api, sluice_worker, sluice_auditor. Times in answers are
/// exact rows; clamping to the asked interval is the caller's.
namespace sluice::catalogue {

[[nodiscard]] Result<std::vector<CameraRow>> load_cameras(Pool& pool, bool with_retired);
[[nodiscard]] Result<std::optional<CameraRow>> find_camera(Pool& pool, const std::string& slug);
struct CameraWithStreams {
    CameraRow camera;
    std::vector<StreamRow> streams;  ///< main first
};
/// In one question.
[[nodiscard]] Result<std::optional<CameraWithStreams>>
find_camera_with_streams(Pool& pool, const std::string& slug);
[[nodiscard]] Result<std::vector<StreamRow>> load_streams(Pool& pool);
[[nodiscard]] Result<std::optional<StreamRow>>
find_stream(Pool& pool, const Uuid& camera_id, StreamKind kind);
[[nodiscard]] Result<std::vector<VolumeRow>> load_volumes(Pool& pool);

/// Place in a list of segments: they are ordered by (from, id).
struct SegmentCursor {
    UtcTime from;
    Uuid id;
};
/// Segments of a stream that overlap `range`, oldest first, at most `limit`, after the cursor.
[[nodiscard]] Result<std::vector<SegmentRow>> load_segments(
    Pool& pool,
    const Uuid& stream_id,
    TimeRange range,
    std::optional<SegmentCursor> after,
    std::size_t limit
);

/// By its id, which tells the days to look at.
[[nodiscard]] Result<std::optional<SegmentRow>> find_segment(Pool& pool, const Uuid& segment_id);

struct Coverage {
    std::vector<CoverageRow> covered;  ///< by stream, then time
    std::vector<GapRow> gaps;          ///< that overlap the range, by stream and time; open ones have no `to`
};
/// Of one stream, or of every stream of a kind when `stream_id` is nullopt. Never opens a file. What was
/// copied out of a suspect file counts as footage, and not as missing.
[[nodiscard]] Result<Coverage>
load_coverage(Pool& pool, std::optional<Uuid> stream_id, StreamKind kind, TimeRange range);

/// The gaps alone, of one stream: those that overlap the range, by time.
[[nodiscard]] Result<std::vector<GapRow>>
load_gaps_of_stream(Pool& pool, const Uuid& stream_id, TimeRange range);

/// Encoded index of a finished segment. `from` lets the database look at one day's partition.
[[nodiscard]] Result<Bytes> get_segment_index(Pool& pool, const Uuid& segment_id, UtcTime from);
/// Several at once, in the order asked.
[[nodiscard]] Result<std::vector<Bytes>>
get_segment_indexes(Pool& pool, const std::vector<std::pair<Uuid, UtcTime>>& segments);
[[nodiscard]] Result<FormatRow> get_format(Pool& pool, const Uuid& format_id);
[[nodiscard]] Result<std::optional<RunRow>> find_run(Pool& pool, const Uuid& run_id);

}  // namespace sluice::catalogue
