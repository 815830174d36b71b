#pragma once

#include "storage/clip/clip.hpp"
#include "storage/mp4/types.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

/// The access units of a time range one by one, each with its place in time: for whoever decides frame by
/// frame.
namespace sluice::clip {

/// An access unit, in decode order. The two begins are the two clocks by which a clip's ends are found
/// (I18): a key frame's time is its fragment's arrival alone, an end also goes by the fragment before it.
struct AccessUnit {
    UtcTime earliest;  ///< begin of its presentation as seen from its fragment's arrival
    UtcTime shown;     ///< the same, no fragment beginning before the nominal end of the one before it
    UtcTime shown_to;
    bool is_key = false;
    bool is_after_gap = false;  ///< the media before it does not lead up to it
    friend bool operator==(const AccessUnit&, const AccessUnit&) = default;
};

/// Where a run stands behind a segment.
struct RunPosition {
    std::uint64_t end_tick = 0;
    UtcTime nominal_end;
};

/// One unit for each sample. `before`: of the run's segment before this one; a run's first unit, or one whose
/// segment before it is not known, is not after a gap. Pure.
[[nodiscard]] std::vector<AccessUnit>
make_units(const mp4::SegmentIndex& index, const std::optional<RunPosition>& before);
/// nullopt: no fragment.
[[nodiscard]] std::optional<RunPosition> position_behind(const mp4::SegmentIndex& index) noexcept;

/// What one visit sees: a segment of the range, whole, so more than the range at both ends.
struct SegmentUnits {
    const catalogue::SegmentRow& row;
    const mp4::SegmentIndex& index;
    std::span<const AccessUnit> units;
};
using VisitUnits = std::function<void(const SegmentUnits&)>;

/// Visits the segments that touch the request's range, run after run, each in its order, and gives the gaps
/// inside the range. Damaged segments are visited like others, as long as their index is known; suspect ones
/// are left out. Blocking. Refuses: NO_FOOTAGE, NOT_YET_DURABLE. Error: retry, abandon_file.
[[nodiscard]] Result<std::variant<std::vector<catalogue::GapRow>, Refusal>> visit_units(
    catalogue::Pool& pool,
    const VolumePaths& volumes,
    const Request& request,
    const VisitUnits& visit
);

}  // namespace sluice::clip
