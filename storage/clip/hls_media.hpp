#pragma once

#include "config/base/unique_fd.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/clip/clip.hpp"
#include "storage/clip/hls_cut.hpp"
#include "storage/clip/hls_playlist.hpp"
#include "storage/mp4/types.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

/// What HLS sends of a segment file: its fragments, samples untouched, times moved to one line for all runs.
namespace sluice::clip {

/// A segment file as it stood when it was looked at. Immutable once it is shared.
struct HlsFile {
    std::filesystem::path path;  ///< absolute, under its final name; the file may still be its .part
    Uuid id;
    Uuid stream_id;
    Uuid run_id;
    UtcTime run_started;  ///< wall time of media tick 0
    Uuid format_id;
    mp4::VideoFormat format;
    mp4::SegmentIndex index;  ///< whole fragments only
};

/// Opens for reading, never through a link at its end: the final name, else the .part. Error: abandon_file,
/// with ENOENT when there is neither.
[[nodiscard]] Result<UniqueFd> open_segment_file(const std::filesystem::path& path);
/// Reads head and fragments from the file itself. Error: abandon_file, operator_acts.
[[nodiscard]] Result<HlsFile> read_hls_file(int fd, std::filesystem::path path);
/// The file of a row that is not suspect. Error: abandon_file, also when another segment's file stands there.
[[nodiscard]] Result<HlsFile> load_hls_file(const VolumePaths& volumes, const catalogue::SegmentRow& row);

/// A playlist entry for fragments of a file, without its parts. `is_discontinuous` is the caller's to set.
[[nodiscard]] HlsSegment
to_hls_segment(const Uuid& file_id, const Uuid& format_id, const mp4::SegmentIndex& index, const HlsCut& cut);

/// Samples [first, end) of a segment file.
struct SampleRange {
    std::uint32_t first = 0;
    std::uint32_t end = UINT32_MAX;
    friend bool operator==(const SampleRange&, const SampleRange&) = default;
};
/// The part of a fragment that lies in `samples`; with none of them in it `sample_count` is 0.
[[nodiscard]] mp4::Fragment
clamp_fragment(const mp4::SegmentIndex& index, std::uint32_t fragment, SampleRange samples);

/// Arrival of the first fragment to the nominal end of the last one. Pre: the fragments exist.
[[nodiscard]] TimeRange wall_of(const mp4::SegmentIndex& index, FragmentRange fragments) noexcept;

/// The bytes of fragments [first, end): prft + moof + mdat each, as in the file, but for the decode times.
/// They count from 1970 on the run's own clock instead of from the run's start: behind a gap a player that
/// ignores discontinuities (FFmpeg) goes on instead of throwing pictures away. What begins a file, or follows
/// a gap in it, has its init segment in front once more: one that begins anew at a discontinuity (VLC) asks
/// for none. Thread: one call at a time, blocking.
class HlsMedia {
public:
    /// Opens the file. Samples of the fragments that are not in `samples` are left out, byte for byte.
    /// Error: abandon_file. Pre: the fragments exist.
    [[nodiscard]] static Result<HlsMedia>
    open(std::shared_ptr<const HlsFile> file, FragmentRange fragments, SampleRange samples = {});

    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
    /// As Clip::read: at least one byte, at most `limit`.
    [[nodiscard]] Result<Piece> read(std::uint64_t offset, std::uint64_t limit);

private:
    HlsMedia(std::shared_ptr<const HlsFile> file, FragmentRange fragments, SampleRange samples, UniqueFd fd);
    [[nodiscard]] Bytes make_head(std::uint32_t number, const mp4::Fragment& fragment) const;
    [[nodiscard]] Status check_data(std::uint32_t number) const;

    std::shared_ptr<const HlsFile> file_;  // shared with the view or the cache that it comes from
    FragmentRange fragments_;
    SampleRange samples_;
    std::shared_ptr<const UniqueFd> fd_;  // shared with the connection that sends
    Bytes init_;                          ///< or nothing
    std::uint64_t size_ = 0;
};

}  // namespace sluice::clip
