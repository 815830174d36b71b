// Formats of real video: our reading of its parameter sets against FFmpeg's.
#include "config/base/files.hpp"
#include "storage/mp4/nal.hpp"
#include "tests/support/media.hpp"
#include "tests/support/process.hpp"
#include "tests/unit/mp4/made_sps.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include <unistd.h>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::mp4;
using test::MediaParameters;

struct Asked {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    unsigned reorder = 0;
};

/// What ffprobe makes of the stream as an elementary stream.
Asked ask_ffprobe(const test::Media& media) {
    Bytes stream;
    for (const auto& unit : media.units) {
        const Bytes part = test::to_annex_b(unit.bytes);
        stream.insert(stream.end(), part.begin(), part.end());
    }
    const auto path =
        std::filesystem::temp_directory_path() / ("sluice-format-test-" + std::to_string(::getpid()));
    REQUIRE(replace_file_unsynced(path, as_text(stream), 0600));
    const std::string kind = media.format.codec == Codec::h264 ? "h264" : "hevc";
    const auto answer = test::run_to_end(
        {"ffprobe",
         "-v",
         "error",
         "-f",
         kind,
         "-show_entries",
         "stream=width,height,has_b_frames",
         "-of",
         "default=nw=1:nk=1",
         path.string()},
        std::chrono::seconds{30}
    );
    std::filesystem::remove(path);
    REQUIRE(answer);
    Asked asked;
    std::istringstream in{answer->output};
    REQUIRE(in >> asked.width >> asked.height >> asked.reorder);
    return asked;
}

/// How many frames in front of one in decode order come after it in output order, at most.
unsigned count_reordered(const test::Media& media) {
    unsigned most = 0;
    for (std::size_t i = 0; i < media.units.size(); ++i) {
        unsigned later = 0;
        for (std::size_t j = 0; j < i; ++j)
            later += media.units[j].pts > media.units[i].pts ? 1 : 0;
        most = std::max(most, later);
    }
    return most;
}

}  // namespace

TEST_CASE("size and reordering of real video are what ffprobe finds", "[mp4][nal][disk]") {
    const auto parameters = GENERATE(
        MediaParameters{.codec = Codec::h264},
        MediaParameters{.codec = Codec::h264, .profile = "baseline"},
        MediaParameters{.codec = Codec::h264, .width = 318, .height = 178, .b_frames = 3},
        MediaParameters{.codec = Codec::h264, .height = 192, .encoder_options = "tff=1"},
        MediaParameters{
            .codec = Codec::h264,
            .b_frames = 2,
            .encoder_options = "nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500"
        },
        MediaParameters{.codec = Codec::h265, .width = 318, .height = 178},
        MediaParameters{.codec = Codec::h265, .b_frames = 3}
    );
    const test::Media media = test::make_media(parameters);
    const auto facts = parse_sps(parameters.codec, media.sets.sps.front()).value();
    const Asked asked = ask_ffprobe(media);
    CHECK(facts.width == parameters.width);
    CHECK(facts.height == parameters.height);
    CHECK(asked.width == parameters.width);
    CHECK(asked.height == parameters.height);
    REQUIRE(facts.reorder_frames);
    CHECK(*facts.reorder_frames == asked.reorder);
    CHECK(*facts.reorder_frames >= count_reordered(media));
    CHECK((parameters.b_frames == 0) == (*facts.reorder_frames == 0));
}

TEST_CASE(
    "the sets of real video need emulation prevention, so the parser is tried on it",
    "[mp4][nal][disk]"
) {
    const Bytes sps = test::make_media({.codec = Codec::h264}).sets.sps.front();
    constexpr std::array<std::uint8_t, 3> kEscape{0, 0, 3};
    CHECK_FALSE(std::ranges::search(sps, kEscape).empty());
}

TEST_CASE("a decoder configuration record gives back the sets it was made of", "[mp4][nal][disk]") {
    const auto codec = GENERATE(Codec::h264, Codec::h265);
    const test::Media media = test::make_media({.codec = codec});
    const auto sets = sets_from_decoder_config(codec, media.format.decoder_config);
    REQUIRE(sets);
    CHECK(*sets == media.sets);
    for (std::size_t size = 0; size < media.format.decoder_config.size() - 4; ++size) {
        const auto cut = sets_from_decoder_config(codec, ByteView{media.format.decoder_config}.first(size));
        REQUIRE_FALSE(cut);
        REQUIRE(cut.error().remedy() == Remedy::refuse);
    }
}

TEST_CASE("avcC is byte for byte what FFmpeg's muxer writes", "[mp4][nal][disk]") {
    const auto [options, profile] = GENERATE(table<std::string, std::string>({
        {"", "avc1.42"},
        {"cabac=1", "avc1.4d"},
        {"cabac=1:8x8dct=1", "avc1.64"},  // High repeats chroma format and depths
    }));
    const test::Media media = test::make_media({.codec = Codec::h264, .encoder_options = options});
    CHECK(media.format.codec_string.substr(0, 7) == profile);
    CHECK(to_hex(media.format.decoder_config) == to_hex(media.original_decoder_config));
}

TEST_CASE("hvcC says complete arrays, 4-byte lengths and the profile of the SPS", "[mp4][nal][disk]") {
    const test::Media media = test::make_media({.codec = Codec::h265});
    const Bytes& record = media.format.decoder_config;
    const Bytes& original = media.original_decoder_config;
    REQUIRE(record.size() > 26);
    CHECK(std::equal(record.begin(), record.begin() + 13, original.begin()));  // version, profile, level
    CHECK(std::equal(record.begin() + 16, record.begin() + 22, original.begin() + 16));  // chroma to layers
    CHECK((record[21] & 3U) == 3);
    CHECK(record[22] == 3);
    CHECK(record[23] == (0x80U | 32U));
    CHECK(media.format.codec_string == "hvc1.1.6.L60.90");
}

TEST_CASE("codec strings are those of RFC 6381", "[mp4][nal]") {
    const auto h264 = [](std::uint8_t profile, std::uint8_t constraints, std::uint8_t level) {
        ParameterSets sets;
        sets.sps = {test::make_sps(
            test::H264SpsFields{.profile = profile, .constraints = constraints, .level = level}
        )};
        sets.pps = {test::make_pps(0)};
        return make_format(Codec::h264, sets).value().codec_string;
    };
    CHECK(h264(100, 0, 40) == "avc1.640028");
    CHECK(h264(66, 0xC0, 30) == "avc1.42c01e");
    const auto h265 = [](std::array<std::uint8_t, 12> profile) {
        ParameterSets sets;
        sets.vps = {Bytes{0x40, 0x01, 0x0C}};
        sets.sps = {test::make_sps(test::H265SpsFields{.profile = profile})};
        sets.pps = {Bytes{0x44, 0x01, 0xC1}};
        return make_format(Codec::h265, sets).value().codec_string;
    };
    CHECK(h265({1, 0x60, 0, 0, 0, 0xB0, 0, 0, 0, 0, 0, 120}) == "hvc1.1.6.L120.B0");
    CHECK(h265({0x42, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 1, 153}) == "hvc1.A2.4.L153.90.0.0.0.0.1");
    CHECK(h265({0x21, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 93}) == "hvc1.1.6.H93");
}

TEST_CASE("no format comes of sets that are missing or too long for their record", "[mp4][nal]") {
    ParameterSets sets;
    sets.sps = {test::make_sps(test::H264SpsFields{})};
    CHECK_FALSE(make_format(Codec::h264, sets));
    sets.pps = {test::make_pps(0)};
    CHECK(make_format(Codec::h264, sets));
    CHECK_FALSE(make_format(Codec::h265, sets));
    sets.pps.front().resize(70'000, 1);
    const auto format = make_format(Codec::h264, sets);
    REQUIRE_FALSE(format);
    CHECK(format.error().remedy() == Remedy::refuse);
}

TEST_CASE("cutting an Annex B stream gives the units of the length-prefixed form", "[mp4][nal][disk]") {
    const test::Media media = test::make_media({.codec = Codec::h265});
    for (const auto& unit : media.units) {
        Bytes joined;
        const Bytes stream = test::to_annex_b(unit.bytes);
        for (const ByteView nal : split_annex_b(stream)) {
            for (unsigned shift = 32; shift > 0; shift -= 8)
                joined.push_back(static_cast<std::uint8_t>(nal.size() >> (shift - 8)));
            joined.insert(joined.end(), nal.begin(), nal.end());
        }
        REQUIRE(joined == unit.bytes);
        REQUIRE(
            nal_kind(Codec::h265, split_annex_b(stream).front()) ==
            (unit.is_key ? NalKind::vps : NalKind::slice)
        );
    }
}
