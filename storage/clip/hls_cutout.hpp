#pragma once

#include "storage/clip/hls_media.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <vector>

/// HLS over chosen samples of recorded files and over no other.
namespace sluice::clip {

/// An entry of a playlist and which samples of its fragments it consists of.
struct HlsCutout {
    HlsSegment segment;
    SampleRange samples;   ///< of the file; the same for all entries of a span
    bool has_key = false;  ///< begins with a key frame: playing can begin here
};

/// The entries of `samples` of a segment, cut as everywhere. Only the first one can be discontinuous for a
/// reason outside the segment: `goes_on` says that the media before it leads up to it. Pure.
/// Pre: samples.first < samples.end <= samples of the index.
[[nodiscard]] std::vector<HlsCutout>
cut_out(const catalogue::SegmentRow& row, const mp4::SegmentIndex& index, SampleRange samples, bool goes_on);

}  // namespace sluice::clip
