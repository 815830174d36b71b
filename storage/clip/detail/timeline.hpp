#pragma once

#include "config/base/time.hpp"
#include "storage/mp4/index.hpp"
#include "storage/mp4/types.hpp"

#include <cstdint>
#include <optional>

/// Where a clip begins and ends inside a segment. Pure rules over an index; no I/O. What they answer depends
/// on nothing but the fragments up to the place asked for, so an open segment and the same one finished give
/// one answer (I18).
namespace sluice::clip {

[[nodiscard]] std::int64_t ticks_to_us(std::int64_t ticks) noexcept;
/// Rounded to the nearest tick; `us` not negative.
[[nodiscard]] std::uint64_t us_to_ticks(std::uint64_t us) noexcept;

/// Ticks of all samples of a fragment.
[[nodiscard]] std::uint64_t
fragment_ticks(const mp4::SegmentIndex& index, const mp4::Fragment& fragment) noexcept;

/// Wall end of the last whole fragment: its arrival plus its media. Nothing that comes later in the run
/// begins, in `find_end`, before it. nullopt: no fragment.
[[nodiscard]] std::optional<UtcTime> nominal_end(const mp4::SegmentIndex& index) noexcept;

struct KeyFrame {
    std::uint32_t sample = 0;
    UtcTime wall;  ///< of its presentation
};
/// The last key frame whose presentation is at or before `at`.
[[nodiscard]] std::optional<KeyFrame> find_key_frame(const mp4::SegmentIndex& index, UtcTime at) noexcept;
/// The first key frame of all.
[[nodiscard]] std::optional<KeyFrame> first_key_frame(const mp4::SegmentIndex& index) noexcept;

/// The first sample in decode order presented at or after `to`; the number of samples when there is none. A
/// fragment begins at its arrival, yet never before the nominal end of the fragment before it; `previous_end`
/// is that of the run's segment before this one.
[[nodiscard]] std::uint32_t
find_end(const mp4::SegmentIndex& index, UtcTime to, std::optional<UtcTime> previous_end) noexcept;

/// Wall end of the presentation of the sample shown last, by the same rule.
[[nodiscard]] UtcTime
presentation_end(const mp4::SegmentIndex& index, std::optional<UtcTime> previous_end) noexcept;

/// Samples [first, end) as an index of their own: fragments that lose samples keep their place in the file.
/// Pre: first < end <= samples.
[[nodiscard]] mp4::SegmentIndex trim(const mp4::SegmentIndex& index, std::uint32_t first, std::uint32_t end);

}  // namespace sluice::clip
