#include "storage/mp4/index.hpp"

#include <algorithm>
#include <span>

namespace sluice::mp4 {
namespace {

/// Wide enough for a span of time in microseconds times a number of ticks.
__extension__ using Wide = __int128;

void put_walls(std::span<const Sample> samples, UtcTime from, UtcTime to, std::vector<UtcTime>& walls) {
    std::uint64_t ticks = 0;
    for (const Sample& sample : samples)
        ticks += sample.duration;
    const std::int64_t span_us = TimeRange{from, to}.length().count();
    std::uint64_t before = 0;
    for (const Sample& sample : samples) {
        const Wide us = ticks == 0 ? 0 : static_cast<Wide>(span_us) * before / ticks;
        walls.push_back(from + Microseconds{static_cast<std::int64_t>(us)});
        before += sample.duration;
    }
}

}  // namespace

IndexSums sum_up(const SegmentIndex& index) {
    IndexSums sums;
    sums.samples = static_cast<std::uint32_t>(index.samples.size());
    sums.fragments = static_cast<std::uint32_t>(index.fragments.size());
    for (std::size_t i = 0; i < index.samples.size(); ++i) {
        const Sample& sample = index.samples[i];
        const Sample* const previous = i == 0 ? nullptr : &index.samples[i - 1];
        const bool is_last = i + 1 == index.samples.size();
        if (previous == nullptr || is_last || previous->duration != sample.duration) ++sums.duration_runs;
        if (previous == nullptr || previous->composition_offset != sample.composition_offset)
            ++sums.composition_runs;
        if (sample.is_key) ++sums.key_samples;
        if (sample.composition_offset != 0) sums.has_composition = true;
        sums.sample_bytes += sample.size_bytes;
        sums.ticks += sample.duration;
    }
    return sums;
}

std::vector<UtcTime> sample_walls(const SegmentIndex& index, UtcTime to) {
    std::vector<UtcTime> walls;
    walls.reserve(index.samples.size());
    UtcTime latest = UtcTime::min();
    for (std::size_t i = 0; i < index.fragments.size(); ++i) {
        const Fragment& fragment = index.fragments[i];
        latest = std::max(latest, fragment.wall);  // should arrival ever run back, the samples wait for it
        const UtcTime next = i + 1 < index.fragments.size() ? index.fragments[i + 1].wall : to;
        const auto samples = std::span{index.samples}.subspan(fragment.first_sample, fragment.sample_count);
        put_walls(samples, latest, next, walls);
        latest = std::max(latest, next);
    }
    return walls;
}

}  // namespace sluice::mp4
