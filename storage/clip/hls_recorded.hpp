#pragma once

#include "storage/clip/clip.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <variant>
#include <vector>

/// A time range of one stream as entries of a playlist. Blocking.
namespace sluice::clip {

struct HlsRecording {
    std::vector<HlsSegment> segments;  ///< not empty; run after run, each by time
    TimeRange range;                   ///< of what is given out: whole fragments, so up to a second past `to`
    std::vector<catalogue::GapRow> gaps;
};

/// From the key frame at or before `from` up to the last fragment that begins before `to`; durable footage
/// only. Other pictures sizes, codecs and overlapping runs are no obstacle here. Refuses: NO_FOOTAGE,
/// NOT_YET_DURABLE, FOOTAGE_DAMAGED.
[[nodiscard]] Result<std::variant<HlsRecording, Refusal>>
resolve_hls(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request);

}  // namespace sluice::clip
