#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// ISO base media files (ISO/IEC 14496-12, -15): what a segment file holds, as values. No I/O but in
/// reader.hpp.
namespace sluice::mp4 {

/// Every file of ours counts in the RTP video clock.
inline constexpr std::uint32_t kTimescale = 90'000;

/// What a decoder must know before the first sample.
struct VideoFormat {
    Codec codec = Codec::h264;
    std::uint32_t width = 0;  ///< in pixels, after cropping
    std::uint32_t height = 0;
    Bytes decoder_config;      ///< content of avcC or hvcC (ISO/IEC 14496-15)
    std::string codec_string;  ///< RFC 6381: "avc1.640028", "hvc1.1.6.L120.B0"

    /// Same codec and picture size: such a change stays in the run; anything else begins a new one.
    [[nodiscard]] bool has_same_picture(const VideoFormat& other) const noexcept {
        return codec == other.codec && width == other.width && height == other.height;
    }
    friend bool operator==(const VideoFormat&, const VideoFormat&) = default;
};

/// One access unit as it stands in a file.
struct Sample {
    std::uint32_t size_bytes = 0;
    std::uint32_t duration = 0;           ///< ticks to the next sample's decode time
    std::int32_t composition_offset = 0;  ///< PTS − DTS in ticks
    bool is_key = false;
    friend bool operator==(const Sample&, const Sample&) = default;
};

/// One prft+moof+mdat in a file.
struct Fragment {
    std::uint64_t offset = 0;            ///< of its prft box
    std::uint64_t data_offset = 0;       ///< of the first sample's first byte
    std::uint64_t base_decode_time = 0;  ///< tfdt: ticks since the run's start
    UtcTime wall;                        ///< prft: when the first sample's first byte arrived
    std::uint32_t first_sample = 0;      ///< index into SegmentIndex::samples
    std::uint32_t sample_count = 0;
    friend bool operator==(const Fragment&, const Fragment&) = default;
};

/// Where everything is in one segment file. The same facts stand in the file and in the catalogue.
struct SegmentIndex {
    std::vector<Fragment> fragments;
    std::vector<Sample> samples;
    std::uint64_t end_bytes = 0;  ///< end of the last whole fragment: size of a finished file
    friend bool operator==(const SegmentIndex&, const SegmentIndex&) = default;
};

struct GapBefore {
    UtcTime from;
    GapCause cause = GapCause::unknown;
    std::string detail;
    friend bool operator==(const GapBefore&, const GapBefore&) = default;
};

/// What the `uuid` box in the moov says: enough to rebuild the catalogue from files alone.
struct SegmentInfo {
    Uuid segment_id;
    Uuid installation_id;
    Uuid recorder_id;
    Uuid camera_id;
    Uuid stream_id;
    Uuid run_id;
    std::string camera_slug;
    std::string camera_name;
    StreamKind stream = StreamKind::main;
    std::string codec_string;
    UtcTime run_started;                          ///< wall time of the run's tick 0
    std::uint32_t sequence = 0;                   ///< in the run, from 0
    std::optional<Sha256Digest> previous_sha256;  ///< of the run's segment before this one
    std::optional<GapBefore> gap_before;          ///< in a run's first segment
    friend bool operator==(const SegmentInfo&, const SegmentInfo&) = default;
};

}  // namespace sluice::mp4
