#pragma once

#include "storage/mp4/types.hpp"

#include <span>
#include <vector>

namespace sluice::mp4 {

/// A sample with its bytes: NAL units with 4-byte lengths.
struct SampleData {
    Sample sample;
    Bytes bytes;
};

/// ftyp + moov (mvhd, trak with one avc1/hvc1 entry, mvex, and the `uuid` box with `info`).
[[nodiscard]] Bytes make_segment_head(const VideoFormat& format, const SegmentInfo& info);

/// Only ftyp + moov for players (an HLS EXT-X-MAP): no `uuid` box, nothing that tells two files of one format
/// apart.
[[nodiscard]] Bytes make_init_segment(const VideoFormat& format);

/// The complete sample entry box (avc1 with avcC, or hvc1 with hvcC), as it stands in stsd.
[[nodiscard]] Bytes make_sample_entry(const VideoFormat& format);

/// prft + moof + mdat header; the samples' bytes follow in order. `sequence` is mfhd's, from 1 within the
/// file. Returned without the samples' bytes so that a writer can gather them with one writev.
[[nodiscard]] Bytes make_fragment_head(
    std::uint32_t sequence,
    std::uint64_t base_decode_time,
    UtcTime wall,
    std::span<const Sample> samples
);

/// Size of what make_fragment_head gives for so many samples; so an index is known without building bytes.
[[nodiscard]] std::size_t fragment_head_bytes(std::size_t sample_count) noexcept;

/// UUID of our box, for tools that look for it.
inline constexpr std::array<std::uint8_t, 16> kInfoBoxType{
    0x73,
    0x6c,
    0x75,
    0x69,
    0x63,
    0x65,
    0x4e,
    0x56,
    0x81,
    0x52,
    0x73,
    0x65,
    0x67,
    0x6d,
    0x6e,
    0x74
};

}  // namespace sluice::mp4
