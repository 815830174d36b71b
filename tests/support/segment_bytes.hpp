#pragma once

#include "config/base/unique_fd.hpp"
#include "storage/mp4/types.hpp"
#include "storage/mp4/write.hpp"

#include <cstdint>
#include <vector>

/// Whole segment files in memory, with the index that their writer computes.
namespace sluice::test {

struct SegmentBytes {
    Bytes bytes;
    mp4::SegmentIndex index;
};

/// Facts of a first segment of a run, with a gap before it and a Chinese name.
[[nodiscard]] mp4::SegmentInfo example_info(UtcTime run_started);

/// Closes a fragment at a key frame and at one second of media, as the recorder does. Wall time follows the
/// media clock from `wall` on, stretched by `wall_per_tick` (1.0: the camera's clock is right).
[[nodiscard]] SegmentBytes build_segment(
    const mp4::VideoFormat& format,
    const mp4::SegmentInfo& info,
    const std::vector<mp4::SampleData>& samples,
    UtcTime wall,
    std::uint64_t base_decode_time = 0,
    double wall_per_tick = 1.0
);

/// The bytes as an open file that has no name (memfd), at offset 0. Throws when there is none.
[[nodiscard]] UniqueFd in_memory_file(ByteView bytes);

}  // namespace sluice::test
