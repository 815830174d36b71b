// A segment file as a whole: written from real video, read back, and judged by FFmpeg.
#include "config/base/files.hpp"
#include "storage/mp4/read.hpp"
#include "tests/support/media.hpp"
#include "tests/support/segment_bytes.hpp"

#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

#include <unistd.h>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::mp4;
using test::MediaParameters;

constexpr UtcTime kWall = from_epoch_us(1'795'428'900'123'457);
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

struct TemporaryFile {
    explicit TemporaryFile(ByteView bytes)
        : path(
              std::filesystem::temp_directory_path() /
              ("sluice-mp4-test-" + std::to_string(::getpid()) + ".mp4")
          ) {
        REQUIRE(replace_file_unsynced(path, as_text(bytes), 0600));
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path); }
    std::filesystem::path path;
};

SegmentInfo info_of(const test::Media& media) {
    SegmentInfo info = test::example_info(kWall);
    info.codec_string = media.format.codec_string;
    return info;
}

test::SegmentBytes segment_of(const test::Media& media) {
    return test::build_segment(media.format, info_of(media), test::to_samples(media), kWall);
}

Bytes golden(std::string_view name) {
    const auto text =
        read_text_file(std::string{SLUICE_SOURCE_DIR "/tests/data/"} + std::string{name}, 20'000).value();
    return {text.begin(), text.end()};
}

/// Everything that stands between the heads, read with the index alone.
Bytes write_again(const SegmentFile& segment, const Bytes& original) {
    Bytes bytes = make_segment_head(segment.format, segment.info);
    std::uint32_t sequence = 1;
    for (const Fragment& fragment : segment.index.fragments) {
        const auto samples =
            std::span{segment.index.samples}.subspan(fragment.first_sample, fragment.sample_count);
        const Bytes head = make_fragment_head(sequence++, fragment.base_decode_time, fragment.wall, samples);
        bytes.insert(bytes.end(), head.begin(), head.end());
        std::size_t size = 0;
        for (const Sample& sample : samples)
            size += sample.size_bytes;
        const ByteView data = ByteView{original}.subspan(fragment.data_offset, size);
        bytes.insert(bytes.end(), data.begin(), data.end());
    }
    return bytes;
}

}  // namespace

TEST_CASE("a segment file of real video is sound for ffprobe and ffmpeg -xerror", "[mp4][disk]") {
    const auto parameters = GENERATE(
        MediaParameters{.codec = Codec::h264},
        MediaParameters{.codec = Codec::h264, .gop = 60, .b_frames = 2},
        MediaParameters{.codec = Codec::h264, .width = 318, .height = 178, .b_frames = 3},
        MediaParameters{.codec = Codec::h265},
        MediaParameters{.codec = Codec::h265, .gop = 60, .b_frames = 2}
    );
    const test::Media media = test::make_media(parameters);
    const TemporaryFile file{segment_of(media).bytes};
    const auto verdict = test::judge(file.path);
    CHECK(verdict.errors == "");
    CHECK(verdict.frames == 100);
    CHECK(verdict.has_monotone_dts);
    CHECK(verdict.duration_seconds == Approx(4.0).margin(0.001));
}

TEST_CASE(
    "the judge finds a segment wanting when a sample is damaged or its tail is missing",
    "[mp4][disk]"
) {
    const test::Media media = test::make_media({.codec = Codec::h264});
    test::SegmentBytes built = segment_of(media);
    SECTION("a slice header overwritten") {
        const std::size_t place = built.index.fragments[1].data_offset + 80;
        std::fill_n(built.bytes.begin() + static_cast<std::ptrdiff_t>(place), 400, std::uint8_t{0xFF});
    }
    SECTION("the last fragment cut") {
        built.bytes.resize(built.bytes.size() - 500);
    }
    const TemporaryFile file{built.bytes};
    CHECK(test::judge(file.path).errors != "");
}

TEST_CASE("I6: a segment file read back gives the facts, format and index its writer had", "[mp4][read]") {
    const auto parameters = GENERATE(
        MediaParameters{.codec = Codec::h264, .b_frames = 2},
        MediaParameters{.codec = Codec::h265, .width = 318, .height = 178, .gop = 60}
    );
    const test::Media media = test::make_media(parameters);
    const test::SegmentBytes built = segment_of(media);
    const UniqueFd file = test::in_memory_file(built.bytes);
    const auto read = read_segment(file.get(), kAll);
    REQUIRE(read);
    CHECK(read->info == info_of(media));
    CHECK(read->format == media.format);
    CHECK(read->index == built.index);
    CHECK(read->tail_bytes == 0);
}

TEST_CASE("a segment cut anywhere reads as its whole fragments and a tail", "[mp4][read]") {
    const Bytes bytes = golden("segment_h265.mp4");
    const UniqueFd file = test::in_memory_file(bytes);
    const auto whole = read_segment(file.get(), kAll).value();
    const std::size_t head = make_segment_head(whole.format, whole.info).size();
    REQUIRE(whole.index.fragments.size() == 2);
    const std::uint64_t first_end = whole.index.fragments[1].offset;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const auto cut = read_segment(file.get(), size);
        REQUIRE(cut.has_value() == (size >= head));
        if (!cut) {
            REQUIRE(cut.error().remedy() == Remedy::abandon_file);
            continue;
        }
        const std::uint64_t end = size < first_end ? head : size < bytes.size() ? first_end : bytes.size();
        REQUIRE(cut->index.end_bytes == end);
        REQUIRE(cut->tail_bytes == size - end);
        REQUIRE(cut->index.samples.size() == (end == head ? 0 : end == first_end ? 10 : 20));
    }
}

TEST_CASE("the limit and the end of the file cut alike", "[mp4][read]") {
    const Bytes bytes = golden("segment_h264.mp4");
    const UniqueFd whole = test::in_memory_file(bytes);
    for (const std::size_t size : {bytes.size() - 1, bytes.size() - 200, bytes.size() / 2}) {
        const UniqueFd shorter = test::in_memory_file(ByteView{bytes}.first(size));
        const auto limited = read_segment(whole.get(), size).value();
        const auto cut = read_segment(shorter.get(), kAll).value();
        CHECK(limited.index == cut.index);
        CHECK(limited.tail_bytes == cut.tail_bytes);
        CHECK(limited.tail_bytes > 0);
    }
}

TEST_CASE("a changed byte in a fragment's head ends the index before it", "[mp4][read]") {
    const Bytes bytes = golden("segment_h264.mp4");
    const auto whole = read_segment(test::in_memory_file(bytes).get(), kAll).value();
    const Fragment& second = whole.index.fragments[1];
    for (std::uint64_t place = second.offset; place < second.data_offset; ++place) {
        Bytes damaged = bytes;
        damaged[place] ^= 0x80U;
        const auto read = read_segment(test::in_memory_file(damaged).get(), kAll);
        REQUIRE(read);
        if (read->index.fragments.size() == 1) continue;
        // A changed number may be another truth, and is found by the hash of the file; no index names the
        // sequence.
        const bool is_sequence = place - second.offset >= 52 && place - second.offset < 56;
        REQUIRE((is_sequence || read->index != whole.index));
    }
}

TEST_CASE("the bytes of a segment file are the golden ones", "[mp4][read]") {
    const std::string_view name = GENERATE("segment_h264.mp4", "segment_h265.mp4");
    const Bytes bytes = golden(name);
    const auto read = read_segment(test::in_memory_file(bytes).get(), kAll);
    REQUIRE(read);
    SegmentInfo info = test::example_info(kWall);
    info.codec_string = read->format.codec_string;
    CHECK(read->info == info);
    CHECK(read->format.width == 126);
    CHECK(read->format.height == 70);
    CHECK(read->index.samples.size() == 20);
    CHECK(read->index.fragments[0].wall == kWall);
    CHECK(read->index.fragments[1].wall == kWall + std::chrono::seconds{1});
    CHECK(read->index.fragments[1].base_decode_time == kTimescale);
    CHECK(write_again(*read, bytes) == bytes);
}

TEST_CASE("golden segment files are sound for ffprobe and ffmpeg -xerror", "[mp4][disk]") {
    const std::string name = GENERATE("segment_h264.mp4", "segment_h265.mp4");
    const auto verdict = test::judge(std::string{SLUICE_SOURCE_DIR "/tests/data/"} + name);
    CHECK(verdict.errors == "");
    CHECK(verdict.frames == 20);
}

TEST_CASE("I7: parameter sets in band decode whatever the sample entry says", "[mp4][disk]") {
    // Two encodings of one picture that need different picture parameter sets under one id.
    const MediaParameters parameters{.codec = Codec::h264, .encoder_options = "cabac=0", .profile = "main"};
    const test::Media media = test::make_media(parameters);
    const test::Media other =
        test::make_media({.codec = Codec::h264, .encoder_options = "cabac=1", .profile = "main"});
    REQUIRE(media.sets != other.sets);
    REQUIRE(media.format.has_same_picture(other.format));
    const auto judged = [&](const test::Media& samples) {
        const auto built =
            test::build_segment(other.format, info_of(other), test::to_samples(samples), kWall);
        const TemporaryFile file{built.bytes};
        return test::judge(file.path);
    };
    CHECK(judged(media).errors == "");
    CHECK(judged(media).frames == 100);
    test::MediaParameters bare = parameters;
    bare.has_sets_in_band = false;
    CHECK(judged(test::make_media(bare)).errors != "");  // the test can fail
}

TEST_CASE(
    "an init segment has no facts of a file and is the same for every file of a format",
    "[mp4][disk]"
) {
    const test::Media media = test::make_media({.codec = Codec::h264});
    const Bytes init = make_init_segment(media.format);
    CHECK(as_text(init).find("uuid") == std::string_view::npos);
    const test::SegmentBytes built = segment_of(media);
    Bytes playable = init;
    playable.insert(
        playable.end(),
        built.bytes.begin() + static_cast<std::ptrdiff_t>(built.index.fragments.front().offset),
        built.bytes.end()
    );
    const TemporaryFile file{playable};
    const auto verdict = test::judge(file.path);
    CHECK(verdict.errors == "");
    CHECK(verdict.frames == 100);
    const auto read = read_segment(test::in_memory_file(playable).get(), kAll);
    REQUIRE_FALSE(read);
    CHECK(read.error().remedy() == Remedy::abandon_file);
}

TEST_CASE("the sample entry of an init segment is make_sample_entry's, byte for byte", "[mp4]") {
    const auto codec = GENERATE(Codec::h264, Codec::h265);
    const test::Media media = test::make_media({.codec = codec});
    const Bytes entry = make_sample_entry(media.format);
    CHECK(as_text(make_init_segment(media.format)).find(as_text(entry)) != std::string_view::npos);
    CHECK(as_text(entry).substr(4, 4) == (codec == Codec::h264 ? "avc1" : "hvc1"));
}

TEST_CASE("what can't be read is an error that says who must act", "[mp4][read]") {
    CHECK(read_segment(-1, kAll).error().remedy() == Remedy::operator_acts);
    CHECK(read_segment(test::in_memory_file({}).get(), kAll).error().remedy() == Remedy::abandon_file);
    const Bytes text(5000, 'x');
    CHECK(read_segment(test::in_memory_file(text).get(), kAll).error().remedy() == Remedy::abandon_file);
}
