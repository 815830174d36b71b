#pragma once

#include "storage/clip/detail/mp4_clip.hpp"
#include "storage/clip/detail/select.hpp"

#include <vector>

namespace sluice::clip {

/// Parts with counts, formats and places in time, from rows and the two ends. Loads indexes at the borders of
/// runs only.
[[nodiscard]] Found<Plan> make_plan(
    Footage& footage,
    const Candidates& candidates,
    const Formats& formats,
    const Edge& first,
    const Edge& last
);

/// What the time line needs of a part that begins or ends a run.
struct RunEdge {
    std::uint64_t first_decode = 0;   ///< tfdt of its first sample
    std::uint64_t ticks = 0;          ///< sum of its durations
    std::uint32_t last_duration = 0;  ///< of its last sample
    UtcTime wall;                     ///< arrival of its first sample
};
[[nodiscard]] RunEdge edge_of(const mp4::SegmentIndex& part);

/// Ticks from a run's last part's first sample to the next run's first sample: the media goes on as the
/// camera's clock counts, the next run begins at its wall time as seen from the clip's start, and never
/// before this one's end. `last_position`: of the run's last part's first sample.
[[nodiscard]] std::uint64_t
span_to_next_run(std::uint64_t last_position, const RunEdge& last, UtcTime clip_from, UtcTime next_wall);

}  // namespace sluice::clip
