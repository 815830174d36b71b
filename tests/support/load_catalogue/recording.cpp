#include "tests/support/load_catalogue/recording.hpp"

#include "config/base/files.hpp"
#include "config/base/unique_fd.hpp"
#include "storage/mp4/read.hpp"

#include <fcntl.h>

namespace sluice::load {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

mp4::SegmentIndex made_up_index() {
    mp4::SegmentIndex index;
    std::uint64_t offset = 1200;
    for (std::uint32_t i = 0; i < 1500; ++i) {
        if (i % 25 == 0) {
            index.fragments.push_back(
                {.offset = offset,
                 .data_offset = offset + 400,
                 .base_decode_time = i * 3600ULL,
                 .wall = UtcTime{i * 40ms},
                 .first_sample = i,
                 .sample_count = 25}
            );
            offset += 400;
        }
        const std::uint32_t size = i % 50 == 0 ? 90'000 : 12'000 + i * 7919 % 9000;
        index.samples.push_back(
            {.size_bytes = size, .duration = 3600, .composition_offset = 0, .is_key = i % 50 == 0}
        );
        offset += size;
    }
    index.end_bytes = offset;
    return index;
}

Result<Recording> read_file(const fs::path& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    auto segment = mp4::read_segment(file.get(), UINT64_MAX);
    if (!segment) return std::unexpected(segment.error());
    const auto content = read_text_file(path, 1ULL << 30U);
    if (!content) return std::unexpected(content.error());
    return Recording{
        .format = std::move(segment->format),
        .index = segment->index,
        .sums = mp4::sum_up(segment->index),
        .bytes = content->size(),
        .sha256 = sha256(as_bytes(*content))
    };
}

}  // namespace

std::chrono::seconds Recording::length() const noexcept {
    return std::chrono::seconds{(sums.ticks + mp4::kTimescale / 2) / mp4::kTimescale};
}

int Recording::rows_a_day() const noexcept {
    return static_cast<int>(std::chrono::seconds{24h} / length()) - 1;
}

Result<Recording> read_recording(const Options& options) {
    Recording recording{
        .format =
            {.codec = Codec::h264,
             .width = 1920,
             .height = 1080,
             .decoder_config = {1, 0x64, 0, 0x28, 0xff, 0xe0, 0},
             .codec_string = "avc1.640028"},
        .index = {},
        .sums = {},
        .bytes = 0
    };
    if (!options.link_file.empty()) {
        auto read = read_file(options.link_file);
        if (!read) return read;
        recording = std::move(*read);
    } else if (!options.index.empty()) {
        const auto blob = read_text_file(options.index, 1ULL << 24U);
        if (!blob) return std::unexpected(blob.error());
        auto decoded = mp4::decode_index(as_bytes(*blob));
        if (!decoded) return std::unexpected(decoded.error());
        recording.index = std::move(*decoded);
    } else {
        recording.index = made_up_index();
    }
    recording.sums = mp4::sum_up(recording.index);
    if (recording.bytes == 0) recording.bytes = recording.index.end_bytes;
    if (recording.index.fragments.empty() || recording.length() < 1s || recording.length() > 1h)
        return failure(Remedy::operator_acts, "a segment for all rows lasts between a second and an hour");
    return recording;
}

mp4::SegmentIndex move_in_time(const mp4::SegmentIndex& index, UtcTime from, std::uint64_t decode_time) {
    mp4::SegmentIndex moved = index;
    const Microseconds later = from - index.fragments.front().wall;
    const std::uint64_t first_decode_time = index.fragments.front().base_decode_time;
    for (mp4::Fragment& fragment : moved.fragments) {
        fragment.wall += later;
        fragment.base_decode_time = fragment.base_decode_time - first_decode_time + decode_time;
    }
    return moved;
}

}  // namespace sluice::load
