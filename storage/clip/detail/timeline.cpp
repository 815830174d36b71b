#include "storage/clip/detail/timeline.hpp"

#include <algorithm>

namespace sluice::clip {
namespace {

constexpr std::int64_t kTicksPerSecond = mp4::kTimescale;
constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

/// Calls `visit(sample number, decode wall)` in decode order until it says false.
template <class Visit>
void walk(const mp4::SegmentIndex& index, std::optional<UtcTime> previous_end, Visit&& visit) {
    for (const mp4::Fragment& fragment : index.fragments) {
        const UtcTime begin = previous_end ? std::max(fragment.wall, *previous_end) : fragment.wall;
        std::int64_t ticks = 0;
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i) {
            const std::uint32_t number = fragment.first_sample + i;
            if (!visit(number, begin + Microseconds{ticks_to_us(ticks)})) return;
            ticks += index.samples[number].duration;
        }
        previous_end = fragment.wall + Microseconds{ticks_to_us(ticks)};
    }
}

UtcTime presentation(const mp4::Sample& sample, UtcTime decode) noexcept {
    return decode + Microseconds{ticks_to_us(sample.composition_offset)};
}

/// Wall of a key frame: its fragment's arrival and nothing else, so that it never depends on what came
/// before.
UtcTime
key_wall(const mp4::SegmentIndex& index, const mp4::Fragment& fragment, std::uint32_t number) noexcept {
    std::int64_t ticks = index.samples[number].composition_offset;
    for (std::uint32_t i = fragment.first_sample; i < number; ++i)
        ticks += index.samples[i].duration;
    return fragment.wall + Microseconds{ticks_to_us(ticks)};
}

}  // namespace

std::int64_t ticks_to_us(std::int64_t ticks) noexcept {
    const std::int64_t seconds = ticks / kTicksPerSecond;
    return seconds * kMicrosecondsPerSecond +
           ticks % kTicksPerSecond * kMicrosecondsPerSecond / kTicksPerSecond;
}

std::uint64_t us_to_ticks(std::uint64_t us) noexcept {
    constexpr std::uint64_t kSecond = kMicrosecondsPerSecond;
    return us / kSecond * mp4::kTimescale + (us % kSecond * mp4::kTimescale + kSecond / 2) / kSecond;
}

std::uint64_t fragment_ticks(const mp4::SegmentIndex& index, const mp4::Fragment& fragment) noexcept {
    std::uint64_t ticks = 0;
    for (std::uint32_t i = 0; i < fragment.sample_count; ++i)
        ticks += index.samples[fragment.first_sample + i].duration;
    return ticks;
}

std::optional<UtcTime> nominal_end(const mp4::SegmentIndex& index) noexcept {
    if (index.fragments.empty()) return std::nullopt;
    const mp4::Fragment& last = index.fragments.back();
    return last.wall + Microseconds{ticks_to_us(static_cast<std::int64_t>(fragment_ticks(index, last)))};
}

std::optional<KeyFrame> find_key_frame(const mp4::SegmentIndex& index, UtcTime at) noexcept {
    std::optional<KeyFrame> found;
    for (const mp4::Fragment& fragment : index.fragments) {
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i) {
            const std::uint32_t number = fragment.first_sample + i;
            if (!index.samples[number].is_key) continue;
            const UtcTime wall = key_wall(index, fragment, number);
            if (wall <= at) found = KeyFrame{.sample = number, .wall = wall};
        }
    }
    return found;
}

std::optional<KeyFrame> first_key_frame(const mp4::SegmentIndex& index) noexcept {
    for (const mp4::Fragment& fragment : index.fragments) {
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i) {
            const std::uint32_t number = fragment.first_sample + i;
            if (index.samples[number].is_key) {
                return KeyFrame{.sample = number, .wall = key_wall(index, fragment, number)};
            }
        }
    }
    return std::nullopt;
}

std::uint32_t
find_end(const mp4::SegmentIndex& index, UtcTime to, std::optional<UtcTime> previous_end) noexcept {
    auto end = static_cast<std::uint32_t>(index.samples.size());
    walk(index, previous_end, [&](std::uint32_t number, UtcTime decode) {
        if (presentation(index.samples[number], decode) < to) return true;
        end = number;
        return false;
    });
    return end;
}

UtcTime presentation_end(const mp4::SegmentIndex& index, std::optional<UtcTime> previous_end) noexcept {
    UtcTime end{};
    walk(index, previous_end, [&](std::uint32_t number, UtcTime decode) {
        const mp4::Sample& sample = index.samples[number];
        end = std::max(end, presentation(sample, decode) + Microseconds{ticks_to_us(sample.duration)});
        return true;
    });
    return end;
}

mp4::SegmentIndex trim(const mp4::SegmentIndex& index, std::uint32_t first, std::uint32_t end) {
    mp4::SegmentIndex part{.fragments = {}, .samples = {}, .end_bytes = 0};
    part.samples.assign(index.samples.begin() + first, index.samples.begin() + end);
    for (mp4::Fragment fragment : index.fragments) {
        const std::uint32_t fragment_end = fragment.first_sample + fragment.sample_count;
        if (fragment_end <= first || fragment.first_sample >= end) continue;
        std::int64_t skipped_ticks = 0;
        while (fragment.first_sample < first) {
            const mp4::Sample& skipped = index.samples[fragment.first_sample++];
            fragment.data_offset += skipped.size_bytes;
            skipped_ticks += skipped.duration;
        }
        fragment.base_decode_time += static_cast<std::uint64_t>(skipped_ticks);
        fragment.wall += Microseconds{ticks_to_us(skipped_ticks)};
        fragment.sample_count = std::min(fragment_end, end) - fragment.first_sample;
        fragment.first_sample -= first;
        part.fragments.push_back(fragment);
    }
    if (!part.fragments.empty()) {
        const mp4::Fragment& last = part.fragments.back();
        part.end_bytes = last.data_offset;
        for (std::uint32_t i = 0; i < last.sample_count; ++i) {
            part.end_bytes += part.samples[last.first_sample + i].size_bytes;
        }
    }
    return part;
}

}  // namespace sluice::clip
