#pragma once

#include "storage/mp4/types.hpp"

#include <cstdint>

namespace sluice::mp4 {

/// Compact form for the catalogue: delta and varint, about 2–4 bytes a sample. Version byte first.
[[nodiscard]] Bytes encode_index(const SegmentIndex& index);
/// Error: abandon_file when the bytes are not an index.
[[nodiscard]] Result<SegmentIndex> decode_index(ByteView bytes);

/// Sums that let a reader know the length of a clip's head without the index itself. Runs are counted within
/// the segment and never merged with a neighbour's; the last sample is always a run of its own in
/// `duration_runs`, because a clip may stretch it over a gap.
struct IndexSums {
    std::uint32_t samples = 0;
    std::uint32_t key_samples = 0;
    std::uint32_t fragments = 0;
    std::uint32_t duration_runs = 0;     ///< entries of stts
    std::uint32_t composition_runs = 0;  ///< entries of ctts
    std::uint64_t sample_bytes = 0;      ///< of all samples' data
    std::uint64_t ticks = 0;             ///< sum of durations
    bool has_composition = false;        ///< some composition offset is not 0
    friend bool operator==(const IndexSums&, const IndexSums&) = default;
};
[[nodiscard]] IndexSums sum_up(const SegmentIndex& index);

/// Wall time of each sample's *decode* place, interpolated between the fragments' arrival times, so that a
/// stream whose media clock runs slow or fast stays true in time. `to` is the wall end of the segment.
/// Monotone; same size as index.samples.
[[nodiscard]] std::vector<UtcTime> sample_walls(const SegmentIndex& index, UtcTime to);

}  // namespace sluice::mp4
