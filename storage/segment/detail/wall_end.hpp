#pragma once

#include "storage/mp4/types.hpp"

#include <span>

namespace sluice::segment::detail {

/// Media time as time; the tick is 11 1/9 µs, cut down.
[[nodiscard]] constexpr Microseconds to_microseconds(std::uint64_t ticks) noexcept {
    constexpr std::uint64_t per_second = 1'000'000;
    const std::uint64_t whole = ticks / mp4::kTimescale * per_second;
    return Microseconds{
        static_cast<std::int64_t>(whole + ticks % mp4::kTimescale * per_second / mp4::kTimescale)
    };
}

/// Where a fragment that began at `wall` ends.
[[nodiscard]] inline UtcTime wall_end(UtcTime wall, std::span<const mp4::Sample> samples) noexcept {
    std::uint64_t ticks = 0;
    for (const mp4::Sample& sample : samples)
        ticks += sample.duration;
    return wall + to_microseconds(ticks);
}

/// Wall end of the last fragment. Pre: there is one.
[[nodiscard]] inline UtcTime wall_end(const mp4::SegmentIndex& index) noexcept {
    const mp4::Fragment& last = index.fragments.back();
    return wall_end(last.wall, std::span{index.samples}.subspan(last.first_sample, last.sample_count));
}

}  // namespace sluice::segment::detail
