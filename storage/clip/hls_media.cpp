#include "storage/clip/hls_media.hpp"

#include "storage/clip/detail/parts.hpp"
#include "storage/clip/detail/timeline.hpp"
#include "storage/mp4/read.hpp"
#include "storage/mp4/write.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>

namespace sluice::clip {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPart = ".part";
constexpr std::uint64_t kMdatHeader = 8;

std::span<const mp4::Sample> samples_of(const mp4::SegmentIndex& index, const mp4::Fragment& fragment) {
    return std::span{index.samples}.subspan(fragment.first_sample, fragment.sample_count);
}

std::uint64_t data_bytes(const mp4::SegmentIndex& index, const mp4::Fragment& fragment) {
    std::uint64_t bytes = 0;
    for (const mp4::Sample& sample : samples_of(index, fragment))
        bytes += sample.size_bytes;
    return bytes;
}

/// Where no player can have gone on from the fragment before. A matter of the file alone, so that a piece has
/// one content, whichever playlist names it.
bool begins_anew(const mp4::SegmentIndex& index, std::uint32_t fragment) {
    return fragment == 0 ||
           is_gap(end_tick_of(index, fragment - 1), index.fragments[fragment].base_decode_time);
}

Bytes cut_bytes(Bytes bytes, std::uint64_t skip, std::uint64_t limit) {
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(skip));
    if (bytes.size() > limit) bytes.resize(static_cast<std::size_t>(limit));
    return bytes;
}

UniqueFd open_file(const fs::path& path) {
    return UniqueFd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
}

}  // namespace

Result<UniqueFd> open_segment_file(const fs::path& path) {
    fs::path part = path;
    part += kPart;
    // Once more under the final name: it may have been renamed between the two tries.
    for (const fs::path& name : {path, part, path})
        if (UniqueFd file = open_file(name); file.is_open()) return file;
    return errno_error(Remedy::abandon_file, "cannot open " + path.filename().string());
}

Result<HlsFile> read_hls_file(int fd, fs::path path) {
    auto read = mp4::read_segment(fd, UINT64_MAX);
    if (!read) return std::unexpected(read.error());
    return HlsFile{
        .path = std::move(path),
        .id = read->info.segment_id,
        .stream_id = read->info.stream_id,
        .run_id = read->info.run_id,
        .run_started = read->info.run_started,
        .format_id = catalogue::format_id(read->format),
        .format = std::move(read->format),
        .index = std::move(read->index),
    };
}

Result<HlsFile> load_hls_file(const VolumePaths& volumes, const catalogue::SegmentRow& row) {
    const auto volume = volumes.find(row.volume_id);
    const bool is_inside = row.path.is_relative() &&
                           std::ranges::none_of(row.path, [](const fs::path& name) { return name == ".."; });
    if (volume == volumes.end() || !is_inside)
        return failure(Remedy::abandon_file, "no known volume holds " + row.path.string());
    fs::path path = volume->second / row.path;
    if (path.extension() == kPart) path.replace_extension();
    const auto fd = open_segment_file(path);
    if (!fd) return std::unexpected(fd.error());
    auto file = read_hls_file(fd->get(), std::move(path));
    if (file && file->id != row.id)
        return failure(Remedy::abandon_file, "another segment's file stands at " + row.path.string());
    return file;
}

HlsSegment to_hls_segment(
    const Uuid& file_id,
    const Uuid& format_id,
    const mp4::SegmentIndex& index,
    const HlsCut& cut
) {
    return {
        .file_id = file_id,
        .format_id = format_id,
        .first = cut.first,
        .end = cut.end,
        .ticks = cut.ticks,
        .wall = wall_of(index, {cut.first, cut.end}),
        .is_discontinuous = cut.is_after_gap,
        .parts = {},
    };
}

TimeRange wall_of(const mp4::SegmentIndex& index, FragmentRange fragments) noexcept {
    const mp4::Fragment& last = index.fragments[fragments.end - 1];
    const auto ticks = static_cast<std::int64_t>(fragment_ticks(index, last));
    const UtcTime from = index.fragments[fragments.first].wall;
    return {from, std::max(from, last.wall + Microseconds{ticks_to_us(ticks)})};
}

mp4::Fragment clamp_fragment(const mp4::SegmentIndex& index, std::uint32_t fragment, SampleRange samples) {
    mp4::Fragment part = index.fragments[fragment];
    const std::uint32_t end = std::min(part.first_sample + part.sample_count, samples.end);
    std::int64_t skipped_ticks = 0;
    while (part.first_sample < std::min(end, samples.first)) {
        const mp4::Sample& skipped = index.samples[part.first_sample++];
        part.data_offset += skipped.size_bytes;
        skipped_ticks += skipped.duration;
    }
    part.base_decode_time += static_cast<std::uint64_t>(skipped_ticks);
    part.wall += Microseconds{ticks_to_us(skipped_ticks)};
    part.sample_count = end > part.first_sample ? end - part.first_sample : 0;
    return part;
}

Result<HlsMedia>
HlsMedia::open(std::shared_ptr<const HlsFile> file, FragmentRange fragments, SampleRange samples) {
    auto fd = open_segment_file(file->path);
    if (!fd) return std::unexpected(fd.error());
    return HlsMedia{std::move(file), fragments, samples, std::move(*fd)};
}

HlsMedia::HlsMedia(
    std::shared_ptr<const HlsFile> file,
    FragmentRange fragments,
    SampleRange samples,
    UniqueFd fd
)
    : file_(std::move(file)),
      fragments_(fragments),
      samples_(samples),
      fd_(std::make_shared<const UniqueFd>(std::move(fd))) {
    const mp4::SegmentIndex& index = file_->index;
    const bool is_cut = index.fragments[fragments_.first].first_sample < samples_.first;
    if (is_cut || begins_anew(index, fragments_.first)) init_ = mp4::make_init_segment(file_->format);
    size_ = init_.size();
    for (std::uint32_t number = fragments_.first; number < fragments_.end; ++number) {
        const mp4::Fragment part = clamp_fragment(index, number, samples_);
        if (part.sample_count > 0)
            size_ += mp4::fragment_head_bytes(part.sample_count) + data_bytes(index, part);
    }
}

Bytes HlsMedia::make_head(std::uint32_t number, const mp4::Fragment& fragment) const {
    const std::int64_t origin_us = std::max<std::int64_t>(to_epoch_us(file_->run_started), 0);
    const std::uint64_t decode_time =
        us_to_ticks(static_cast<std::uint64_t>(origin_us)) + fragment.base_decode_time;
    return mp4::make_fragment_head(
        number + 1, decode_time, fragment.wall, samples_of(file_->index, fragment)
    );
}

/// The whole fragment is looked at, however much of it is sent.
Status HlsMedia::check_data(std::uint32_t number) const {
    const mp4::Fragment& whole = file_->index.fragments[number];
    const std::uint64_t bytes = data_bytes(file_->index, whole);
    const Chunk chunk{
        .file_offset = whole.data_offset,
        .bytes = bytes,
        .mdat_offset = whole.data_offset - kMdatHeader,
        .mdat_bytes = bytes + kMdatHeader,
    };
    Place place;
    place.path = file_->path.filename().string();
    return check_chunk(fd_->get(), chunk, place);
}

Result<Piece> HlsMedia::read(std::uint64_t offset, std::uint64_t limit) {
    if (offset < init_.size()) return Piece{cut_bytes(init_, offset, limit)};
    offset -= init_.size();
    const mp4::SegmentIndex& index = file_->index;
    for (std::uint32_t number = fragments_.first; number < fragments_.end; ++number) {
        const mp4::Fragment part = clamp_fragment(index, number, samples_);
        if (part.sample_count == 0) continue;
        const std::uint64_t head_bytes = mp4::fragment_head_bytes(part.sample_count);
        const std::uint64_t bytes = data_bytes(index, part);
        if (offset >= head_bytes + bytes) {
            offset -= head_bytes + bytes;
            continue;
        }
        if (offset < head_bytes) return Piece{cut_bytes(make_head(number, part), offset, limit)};
        const Status checked = check_data(number);
        if (!checked) return std::unexpected(checked.error());
        const std::uint64_t skip = offset - head_bytes;
        return Piece{FileRange{
            .file = fd_,
            .offset = part.data_offset + skip,
            .length = std::min(limit, bytes - skip),
        }};
    }
    return failure(Remedy::refuse, "no byte of the media at this place");
}

}  // namespace sluice::clip
