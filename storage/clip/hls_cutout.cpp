#include "storage/clip/hls_cutout.hpp"

#include "storage/clip/detail/timeline.hpp"
#include "storage/clip/hls_cut.hpp"

#include <utility>

namespace sluice::clip {

std::vector<HlsCutout>
cut_out(const catalogue::SegmentRow& row, const mp4::SegmentIndex& index, SampleRange samples, bool goes_on) {
    // Fragments keep their numbers and lose what lies behind; what lies before is left out as they are sent.
    const mp4::SegmentIndex part = trim(index, 0, samples.end);
    std::uint32_t first = 0;
    while (part.fragments[first].first_sample + part.fragments[first].sample_count <= samples.first)
        ++first;
    std::vector<HlsCutout> cutouts;
    const auto end = static_cast<std::uint32_t>(part.fragments.size());
    bool is_first = true;
    for (const HlsCut& cut : cut_fragments(part, first, end)) {
        HlsSegment segment = to_hls_segment(row.id, row.format_id, part, cut);
        const mp4::Fragment begin = clamp_fragment(part, cut.first, samples);
        segment.wall.from = begin.wall;
        if (std::exchange(is_first, false)) segment.is_discontinuous = !goes_on;
        cutouts.push_back({
            .segment = std::move(segment),
            .samples = samples,
            .has_key = part.samples[begin.first_sample].is_key,
        });
    }
    return cutouts;
}

}  // namespace sluice::clip
