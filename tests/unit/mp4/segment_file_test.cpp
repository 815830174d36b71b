// A segment file as a whole: written from real video, read back, and judged by FFmpeg.
#include "config/base/files.hpp"
#include "storage/mp4/read.hpp"
#include "tests/support/media.hpp"
#include "tests/support/segment_bytes.hpp"

#include <filesystem>
#include <string>

#include <unistd.h>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::mp4;
using test::MediaParameters;

constexpr UtcTime kWall = from_epoch_us(1'795'428'900'123'457);

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
    const auto built = test::build_segment(media.format, info_of(media), test::to_samples(media), kWall);
    const TemporaryFile file{built.bytes};
    const auto verdict = test::judge(file.path);
    CHECK(verdict.errors == "");
    CHECK(verdict.frames == 100);
    CHECK(verdict.has_monotone_dts);
    CHECK(verdict.duration_seconds == Approx(4.0).margin(0.001));
}
