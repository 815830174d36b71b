#pragma once

#include "storage/clip/clip.hpp"
#include "storage/clip/detail/damage.hpp"
#include "storage/clip/detail/footage.hpp"
#include "storage/clip/detail/timeline.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <variant>
#include <vector>

/// From a request to rows and the first and last sample: what there is, how far it is durable, and why not.
namespace sluice::clip {

/// What ends a resolution early: a failure, or an answer that says why there is no clip.
using Stop = std::variant<Error, Refusal>;
template <class T>
using Found = std::expected<T, Stop>;

/// Further than a fragment and a reorder delay: what lies before the interval and may still decide its ends.
inline constexpr Microseconds kLookback = std::chrono::seconds{2};

/// How far the newest segment reaches, and whether more will come behind it.
struct Horizon {
    UtcTime available_to;
    UtcTime presented_to;  ///< end of what is shown last
    bool is_growing = false;
};
/// NOT_YET_DURABLE: more is asked for than is safely stored, and it is on its way. Pure.
[[nodiscard]] std::optional<Refusal> check_durable(const Horizon& horizon, TimeRange asked);

struct Candidates {
    TimeRange asked;                          ///< `to` filled in
    std::vector<catalogue::SegmentRow> rows;  ///< by begin; some end shortly before `asked.from`
    Tolerated tolerated{};                    ///< rows that failed a check and are taken nevertheless
    std::vector<DamagedPart> absent{};        ///< what is left out of them, because its file is missing
};
/// Refuses: NO_FOOTAGE, NOT_YET_DURABLE.
[[nodiscard]] Found<Candidates>
find_candidates(catalogue::Pool& pool, Footage& footage, const Request& request);

/// Formats of all rows. Refuses: CLIP_NOT_UNIFORM, FOOTAGE_DAMAGED (suspect), judged by those inside
/// the interval.
using Formats = std::map<Uuid, mp4::VideoFormat>;
[[nodiscard]] Found<Formats> check_uniform(catalogue::Pool& pool, const Candidates& candidates);

/// Overlapping runs or a gap that no sample can bridge; pure. Empty: neither.
[[nodiscard]] std::vector<Interval> find_breaks(const Candidates& candidates);

struct Edge {
    std::size_t row = 0;
    std::uint32_t sample = 0;  ///< the first one, or one behind the last one
    UtcTime wall;              ///< of a first sample's presentation
    mp4::SegmentIndex index;   ///< of the row's whole segment
};
/// The key frame at or before the begin; after a gap the first one behind it. Refuses: NO_FOOTAGE.
[[nodiscard]] Found<Edge>
find_first(catalogue::Pool& pool, Footage& footage, const Request& request, const Candidates& candidates);
[[nodiscard]] Found<Edge> find_last(Footage& footage, const Candidates& candidates, const Edge& first);

/// Refuses rows that failed a check: FOOTAGE_DAMAGED, with their intervals.
[[nodiscard]] Found<void>
check_sound(const Candidates& candidates, std::size_t first_row, std::size_t last_row);

/// The tolerated ones among them, within `range`.
[[nodiscard]] std::vector<DamagedPart>
list_damaged(const Candidates& candidates, std::size_t first_row, std::size_t last_row, TimeRange range);

/// Gaps of the stream that overlap the range.
[[nodiscard]] Result<std::vector<catalogue::GapRow>>
load_gaps(catalogue::Pool& pool, const Uuid& stream_id, TimeRange range);
[[nodiscard]] Stop no_footage(catalogue::Pool& pool, const Request& request, TimeRange asked);

}  // namespace sluice::clip
