#include "storage/clip/hls_cut.hpp"

#include "storage/clip/detail/timeline.hpp"

#include <algorithm>

namespace sluice::clip {

bool is_gap(std::uint64_t end_tick, std::uint64_t next_tick) noexcept {
    const std::uint64_t apart = std::max(end_tick, next_tick) - std::min(end_tick, next_tick);
    return apart > kHlsGapTicks;
}

std::uint64_t end_tick_of(const mp4::SegmentIndex& index, std::uint32_t fragment) noexcept {
    const mp4::Fragment& found = index.fragments[fragment];
    return found.base_decode_time + fragment_ticks(index, found);
}

bool begins_with_key(const mp4::SegmentIndex& index, std::uint32_t fragment) noexcept {
    const mp4::Fragment& found = index.fragments[fragment];
    return found.sample_count > 0 && index.samples[found.first_sample].is_key;
}

std::vector<HlsCut> cut_fragments(const mp4::SegmentIndex& index, std::uint32_t first, std::uint32_t end) {
    std::vector<HlsCut> cuts;
    for (std::uint32_t number = first; number < end; ++number) {
        const std::uint64_t ticks = fragment_ticks(index, index.fragments[number]);
        const bool is_after_gap =
            number > first &&
            is_gap(end_tick_of(index, number - 1), index.fragments[number].base_decode_time);
        const bool is_full =
            !cuts.empty() && (cuts.back().ticks + ticks > kHlsLongestTicks ||
                              (cuts.back().ticks >= kHlsShortestTicks && begins_with_key(index, number)));
        if (cuts.empty() || is_after_gap || is_full)
            cuts.push_back({.first = number, .end = number, .ticks = 0, .is_after_gap = is_after_gap});
        cuts.back().end = number + 1;
        cuts.back().ticks = std::min(cuts.back().ticks + ticks, kHlsLongestTicks);
    }
    return cuts;
}

}  // namespace sluice::clip
