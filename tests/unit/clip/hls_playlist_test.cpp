#include "storage/clip/hls_playlist.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kStart = from_epoch_us(1'795'000'000'250'000);  // 2026-11-18T11:06:40.25Z

Uuid id(std::uint8_t last) {
    Uuid made;
    made.bytes[15] = last;
    return made;
}

/// Fragments of one second; a key frame begins the segment.
HlsSegment segment(std::uint32_t first, std::uint32_t end, std::uint8_t format = 1) {
    HlsSegment made{
        .file_id = id(9),
        .format_id = id(format),
        .first = first,
        .end = end,
        .ticks = (end - first) * std::uint64_t{90'000},
        .wall = {kStart + std::chrono::seconds{first}, kStart + std::chrono::seconds{end}},
        .parts = {},
    };
    for (std::uint32_t number = first; number < end; ++number)
        made.parts.push_back({.ticks = 90'000, .is_key = number == first});
    return made;
}

LivePlaylist live(std::uint32_t count) {
    LivePlaylist playlist{.first_number = 1000, .discontinuities = 3, .segments = {}};
    for (std::uint32_t i = 0; i < count; ++i)
        playlist.segments.push_back(segment(2 * i, 2 * i + 2));
    return playlist;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);)
        out.push_back(line);
    return out;
}

std::size_t count(const std::string& text, const std::string& beginning) {
    return static_cast<std::size_t>(std::ranges::count_if(lines(text), [&](const std::string& line) {
        return line.starts_with(beginning);
    }));
}

TEST_CASE("a recorded playlist names init segments once, dates, discontinuities and its end", "[clip][hls]") {
    std::vector<HlsSegment> segments{segment(0, 2), segment(2, 4), segment(0, 2, 2), segment(2, 4, 2)};
    segments[3].is_discontinuous = true;
    const std::string media = "media/00000000-0000-0000-0000-000000000009/";
    const std::string init = "#EXT-X-MAP:URI=\"init/00000000-0000-0000-0000-00000000000";
    CHECK(
        lines(recorded_playlist(segments, "")) ==
        std::vector<std::string>{
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-TARGETDURATION:6",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            "#EXT-X-MEDIA-SEQUENCE:0",
            init + "1.mp4\"",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:40.250Z",
            "#EXTINF:2.00000,",
            media + "0-2.m4s",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:42.250Z",
            "#EXTINF:2.00000,",
            media + "2-4.m4s",
            init + "2.mp4\"",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:40.250Z",
            "#EXTINF:2.00000,",
            media + "0-2.m4s",
            "#EXT-X-DISCONTINUITY",
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:42.250Z",
            "#EXTINF:2.00000,",
            media + "2-4.m4s",
            "#EXT-X-ENDLIST",
        }
    );
}

TEST_CASE(
    "a live playlist offers the newest fragments as parts, also of the segment that grows",
    "[clip][hls]"
) {
    LivePlaylist playlist = live(20);
    playlist.segments.back().is_whole = false;
    const std::string text = live_playlist(playlist, "hls/", false);
    CHECK(
        count(text, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,CAN-SKIP-UNTIL=36.0") == 1
    );
    CHECK(count(text, "#EXT-X-PART-INF:PART-TARGET=1.0") == 1);
    CHECK(count(text, "#EXT-X-MEDIA-SEQUENCE:1000") == 1);
    CHECK(count(text, "#EXT-X-DISCONTINUITY-SEQUENCE:3") == 1);
    CHECK(count(text, "#EXTINF:2.00000,") == 19);
    CHECK(count(text, "#EXT-X-PART:") == 18);  // of the last 18 seconds
    CHECK(count(text, "#EXT-X-ENDLIST") == 0);
    CHECK(
        lines(text).back() ==
        "#EXT-X-PART:DURATION=1.00000,URI=\"hls/media/"
        "00000000-0000-0000-0000-000000000009/39-40.m4s\""
    );
    CHECK(lines(text)[lines(text).size() - 2].ends_with("/38-39.m4s\",INDEPENDENT=YES"));
}

TEST_CASE("a part is never said to be longer than the part target", "[clip][hls]") {
    LivePlaylist playlist = live(2);
    playlist.segments[1].parts[0].ticks = 96'000;  // a frame more than a second
    CHECK(count(live_playlist(playlist, "", false), "#EXT-X-PART:DURATION=1.00000") == 4);
    playlist.segments[1].parts[0].ticks = 180'000;  // a camera of one picture in two seconds: only whole
    CHECK(count(live_playlist(playlist, "", false), "#EXT-X-PART:") == 2);
    CHECK(count(live_playlist(playlist, "", false), "#EXTINF:") == 2);
}

TEST_CASE("a delta playlist leaves out what is older than it promised, and nothing else", "[clip][hls]") {
    LivePlaylist playlist = live(60);
    playlist.segments[41].is_discontinuous = true;
    playlist.segments[45].format_id = id(2);
    const auto whole = lines(live_playlist(playlist, "hls/", false));
    const auto delta = lines(live_playlist(playlist, "hls/", true));
    const auto skip = std::ranges::find(delta, "#EXT-X-SKIP:SKIPPED-SEGMENTS=42");
    REQUIRE(skip != delta.end());
    // The head is the same, and what is behind the line is the whole playlist's end.
    CHECK(std::equal(delta.begin(), skip, whole.begin()));
    const auto rest = delta.end() - skip - 1;
    CHECK(std::equal(skip + 1, delta.end(), whole.end() - rest));
    CHECK(std::ranges::count_if(skip, delta.end(), [](const std::string& line) {
              return line.starts_with("#EXTINF");
          }) == 18);
    // A short one is sent whole.
    CHECK(live_playlist(live(18), "", true) == live_playlist(live(18), "", false));
}

TEST_CASE("a blocking reload waits for exactly the segment or part that it names", "[clip][hls]") {
    LivePlaylist playlist = live(3);  // 1000, 1001, 1002
    playlist.segments.back().is_whole = false;
    const auto is_there = [&](std::optional<std::uint64_t> number, std::optional<std::uint32_t> part) {
        return holds(playlist, {.number = number, .part = part, .may_skip = false});
    };
    CHECK(last_number(playlist) == 1002);
    CHECK(is_there({}, {}));
    CHECK(is_there(1, 7));
    CHECK(is_there(1001, {}));
    CHECK(is_there(1001, 99));  // of an older one: the next begins, and is there
    CHECK(is_there(1002, 1));
    CHECK_FALSE(is_there(1002, 2));
    CHECK_FALSE(is_there(1002, {}));  // it grows
    CHECK_FALSE(is_there(1003, 0));
    playlist.segments.back().is_whole = true;
    CHECK(is_there(1002, {}));
    CHECK_FALSE(is_there(1002, 2));  // it has no third part: that of the next one is meant
}

TEST_CASE("a name of media has one spelling", "[clip][hls]") {
    CHECK(media_name(0, 6) == "0-6.m4s");
    const auto range = fragments_from("12-13.m4s");
    REQUIRE(range);
    CHECK(range->first == 12);
    CHECK(range->end == 13);
    for (const char* wrong :
         {"",
          "-",
          "6-6.m4s",
          "7-6.m4s",
          "01-2.m4s",
          "1-2",
          "1-2.m4sx",
          "+1-2.m4s",
          "1-99999999999.m4s",
          "1--2.m4s"})
        CHECK_FALSE(fragments_from(wrong));
}

}  // namespace
}  // namespace sluice::clip
