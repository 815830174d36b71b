#pragma once

#include "storage/mp4/types.hpp"

#include <cstdint>
#include <vector>

/// Where HLS segments begin and end inside a segment file: pure rules over its fragments. A cut depends on
/// nothing but the fragments of its own file up to the one behind it, so the same file gives everybody the
/// same HLS segments, while it is written, after its rename and in every later life of the service (I21).
namespace sluice::clip {

inline constexpr std::uint32_t kHlsTargetSeconds = 6;  ///< TARGETDURATION, the same in every playlist
inline constexpr std::uint64_t kHlsShortestTicks = 2ULL * mp4::kTimescale;  ///< before a cut at a key frame
inline constexpr std::uint64_t kHlsLongestTicks = std::uint64_t{kHlsTargetSeconds} * mp4::kTimescale;
/// Between the end of a fragment and the begin of the next one in media time: more is a gap. The catalogue
/// unites coverage by the same measure.
inline constexpr std::uint64_t kHlsGapTicks = mp4::kTimescale / 2;

/// Fragments [first, end) of a file.
struct HlsCut {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    std::uint64_t ticks = 0;    ///< media in it; counted no longer than the target
    bool is_after_gap = false;  ///< its media does not go on where the fragment before it ended
    friend bool operator==(const HlsCut&, const HlsCut&) = default;
};

/// Whether media that goes on at `next_tick` leaves a gap, or goes back, behind media that ended at
/// `end_tick`.
[[nodiscard]] bool is_gap(std::uint64_t end_tick, std::uint64_t next_tick) noexcept;

/// The HLS segments of fragments [first, end): a new one begins at a gap, at a key frame once two seconds are
/// full, and where the fragment would make it longer than six. Only the last one may still grow; with more
/// fragments all others stay as they are. A single fragment over six seconds is one segment that counts six.
[[nodiscard]] std::vector<HlsCut>
cut_fragments(const mp4::SegmentIndex& index, std::uint32_t first, std::uint32_t end);

/// Media time at which the fragment ends.
[[nodiscard]] std::uint64_t end_tick_of(const mp4::SegmentIndex& index, std::uint32_t fragment) noexcept;
[[nodiscard]] bool begins_with_key(const mp4::SegmentIndex& index, std::uint32_t fragment) noexcept;

}  // namespace sluice::clip
