// The uuid box and the prft box: who made a segment, and when.
#include "storage/mp4/nal.hpp"
#include "storage/mp4/read.hpp"
#include "storage/mp4/write.hpp"
#include "tests/support/segment_bytes.hpp"
#include "tests/unit/mp4/made_sps.hpp"

#include <limits>
#include <random>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::mp4;

constexpr UtcTime kWall = from_epoch_us(1'795'428'900'123'457);

VideoFormat some_format() {
    ParameterSets sets;
    sets.sps = {test::make_sps(test::H264SpsFields{})};
    sets.pps = {test::make_pps(0)};
    return make_format(Codec::h264, sets).value();
}

Result<SegmentFile> read_bytes(ByteView bytes) {
    return read_segment(test::in_memory_file(bytes).get(), std::numeric_limits<std::uint64_t>::max());
}

void add_to_size(Bytes& bytes, std::size_t box, std::ptrdiff_t more) {
    std::uint32_t size = 0;
    for (std::size_t i = box; i < box + 4; ++i)
        size = size << 8U | bytes[i];
    size += static_cast<std::uint32_t>(more);
    for (std::size_t i = 0; i < 4; ++i)
        bytes[box + i] = static_cast<std::uint8_t>(size >> (24U - 8U * i));
}

/// The head with another text in its JSON, all sizes mended.
Bytes edited(const SegmentInfo& info, std::string_view from, std::string_view to) {
    Bytes bytes = make_segment_head(some_format(), info);
    const std::size_t place = as_text(bytes).find(from);
    REQUIRE(place != std::string_view::npos);
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(place);
    bytes.insert(bytes.erase(at, at + static_cast<std::ptrdiff_t>(from.size())), to.begin(), to.end());
    const auto more = static_cast<std::ptrdiff_t>(to.size()) - static_cast<std::ptrdiff_t>(from.size());
    add_to_size(bytes, as_text(bytes).find("moov") - 4, more);
    add_to_size(bytes, as_text(bytes).find("uuid") - 4, more);
    return bytes;
}

}  // namespace

TEST_CASE("I6: every fact of a segment survives its uuid box", "[mp4][info]") {
    SegmentInfo info = test::example_info(kWall);
    SECTION("a run's first segment, with the gap before it") {}
    SECTION("a later segment, with the hash of the one before") {
        info.gap_before.reset();
        info.sequence = std::numeric_limits<std::uint32_t>::max();
        info.previous_sha256 = sha256(as_bytes("the segment before"));
        info.stream = StreamKind::sub;
    }
    SECTION("names that JSON must escape") {
        info.camera_name = "\"車道\" \\ \n\t\x01 <🚗>";
        info.gap_before->detail = std::string(20'000, 'x');
    }
    SECTION("nothing but defaults") {
        info = SegmentInfo{};
    }
    const auto read = read_bytes(make_segment_head(some_format(), info));
    REQUIRE(read);
    CHECK(read->info == info);
    CHECK(read->index.fragments.empty());
    CHECK(read->tail_bytes == 0);
}

TEST_CASE("I6: an auditor reads the facts as plain text in the file", "[mp4][info]") {
    const Bytes bytes = make_segment_head(some_format(), test::example_info(kWall));
    const std::string_view text = as_text(bytes);
    CHECK(
        text.find(R"("camera_slug":"drive-left","camera_name":"迎賓車道左側","stream":"main")") !=
        std::string_view::npos
    );
    CHECK(text.find(R"("run_started":"2026-11-23T)") != std::string_view::npos);
    CHECK(text.find(R"("cause":"camera_unreachable")") != std::string_view::npos);
    const std::size_t uuid = text.find(as_text(kInfoBoxType));
    REQUIRE(uuid != std::string_view::npos);
    CHECK(text.substr(uuid + 16, 2) == "\x01{");
    CHECK(text.back() == '}');
}

TEST_CASE("a name that is not UTF-8 costs its bad bytes, not the segment", "[mp4][info]") {
    SegmentInfo info = test::example_info(kWall);
    info.camera_name = "lobby \xFF\xFE!";
    const auto read = read_bytes(make_segment_head(some_format(), info));
    REQUIRE(read);
    CHECK(read->info.camera_name == "lobby \uFFFD\uFFFD!");
}

TEST_CASE("members of a later version are passed over", "[mp4][info]") {
    const SegmentInfo info = test::example_info(kWall);
    const auto read = read_bytes(edited(info, R"("sequence":0)", R"("lens":{"mm":[4,{}]},"sequence":0)"));
    REQUIRE(read);
    CHECK(read->info == info);
}

TEST_CASE("a missing or malformed member is an error that names it", "[mp4][info]") {
    const auto message = [](std::string_view from, std::string_view to) {
        const auto read = read_bytes(edited(test::example_info(kWall), from, to));
        REQUIRE_FALSE(read);
        CHECK(read.error().remedy() == Remedy::abandon_file);
        return read.error().message();
    };
    for (const std::string name :
         {"segment_id",
          "installation_id",
          "recorder_id",
          "camera_id",
          "stream_id",
          "run_id",
          "camera_slug",
          "camera_name",
          "stream",
          "codec_string",
          "run_started",
          "sequence",
          "previous_sha256",
          "gap_before"}) {
        CHECK_THAT(message("\"" + name + "\":", "\"no\":"), Catch::Contains("\"" + name + "\""));
    }
    CHECK_THAT(message(R"("from":)", R"("no":)"), Catch::Contains("gap_before.from"));
    CHECK_THAT(message(R"("sequence":0)", R"("sequence":-1)"), Catch::Contains("sequence"));
    CHECK_THAT(message(R"("sequence":0)", R"("sequence":4294967296)"), Catch::Contains("sequence"));
    CHECK_THAT(message(R"("stream":"main")", R"("stream":"third")"), Catch::Contains("stream"));
    CHECK_THAT(
        message(R"("previous_sha256":null)", R"("previous_sha256":"00")"), Catch::Contains("previous_sha256")
    );
    CHECK_THAT(
        message(R"("previous_sha256":null)", R"("previous_sha256":7)"), Catch::Contains("previous_sha256")
    );
    CHECK_THAT(
        message(R"("cause":"camera_unreachable")", R"("cause":"moon")"), Catch::Contains("gap_before.cause")
    );
    CHECK_THAT(message("\x01{", "\x01["), Catch::Contains("JSON"));
    CHECK_THAT(message("\x01{", "\x02{"), Catch::Contains("known version"));
}

TEST_CASE(
    "I14: the wall time of a fragment survives the NTP form of prft to the microsecond",
    "[mp4][info]"
) {
    std::mt19937_64 random{20'261'123};  // NOLINT(cert-msc51-cpp): the same numbers each time
    constexpr std::int64_t kFrom = -61'000'000LL * 1'000'000;  // 1968-01-26
    constexpr std::int64_t kTo = 4'233'000'000LL * 1'000'000;  // 2104-02
    std::uniform_int_distribution<std::int64_t> any{kFrom, kTo};
    std::vector<std::int64_t> walls{
        kFrom, kTo, -1, 0, 1, 999'999, 2'085'978'495'999'999, 2'085'978'496'000'000
    };  // 2036
    while (walls.size() < 20'000)
        walls.push_back(any(random));
    for (std::int64_t us = 0; us < 1'000'000; us += 37)
        walls.push_back(1'795'428'900'000'000 + us);
    Bytes bytes = make_segment_head(some_format(), test::example_info(kWall));
    const Sample sample{4, 3600, 0, true};
    for (const std::int64_t wall : walls) {
        const Bytes head = make_fragment_head(1, 0, from_epoch_us(wall), {&sample, 1});
        bytes.insert(bytes.end(), head.begin(), head.end());
        bytes.resize(bytes.size() + sample.size_bytes);
    }
    const auto read = read_bytes(bytes);
    REQUIRE(read);
    REQUIRE(read->index.fragments.size() == walls.size());
    for (std::size_t i = 0; i < walls.size(); ++i) {
        if (to_epoch_us(read->index.fragments[i].wall) != walls[i]) FAIL("wall " << walls[i]);
    }
}

TEST_CASE("prft carries NTP time in UTC: a known instant", "[mp4][info]") {
    const Sample sample{4, 3600, 0, true};
    const Bytes head = make_fragment_head(7, 0x1'2345'6789, from_epoch_us(500'000), {&sample, 1});
    // 1970-01-01T00:00:00.5Z is 2 208 988 800.5 s after 1900.
    CHECK(
        to_hex(ByteView{head}.first(32)) ==
        "0000002070726674"
        "01000008"
        "00000001"
        "83aa7e8080000000"
        "0000000123456789"
    );
}

TEST_CASE("a fragment's head has the size that is foretold", "[mp4]") {
    for (const std::size_t count : {1U, 2U, 25U, 60U, 1000U}) {
        const std::vector<Sample> samples(count, Sample{1000, 3600, -3600, false});
        CHECK(make_fragment_head(1, 0, kWall, samples).size() == fragment_head_bytes(count));
    }
}

TEST_CASE("samples of any numbers survive a file", "[mp4][read]") {
    const std::vector<Sample> samples{
        {0, 0, 0, true},
        {1, std::numeric_limits<std::uint32_t>::max(), std::numeric_limits<std::int32_t>::min(), false},
        {70'000, 1, std::numeric_limits<std::int32_t>::max(), true},
    };
    Bytes bytes = make_segment_head(some_format(), test::example_info(kWall));
    const std::uint64_t offset = bytes.size();
    const Bytes head = make_fragment_head(9, std::numeric_limits<std::uint64_t>::max(), kWall, samples);
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.resize(bytes.size() + 70'001);
    const auto read = read_bytes(bytes);
    REQUIRE(read);
    CHECK(read->index.samples == samples);
    REQUIRE(read->index.fragments.size() == 1);
    CHECK(read->index.fragments.front().offset == offset);
    CHECK(read->index.fragments.front().data_offset == offset + head.size());
    CHECK(read->index.fragments.front().base_decode_time == std::numeric_limits<std::uint64_t>::max());
}
