// Cameras of every kind, all in one recorder at the same time: everything that was sent is on disk, decodable
// and true in time.
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/site.hpp"

#include <map>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// What a decoder may be asked about a camera's footage.
enum class Judgement { decodable, some_files, pictures_only, none };

struct Kind {
    std::string slug;
    std::filesystem::path file;
    bool is_udp = false;
    bool has_password = false;
    Judgement judgement = Judgement::decodable;
    std::vector<std::string> commands{};  ///< before the first session
};

std::vector<Kind> make_kinds() {
    const auto h264 = make_clip({});
    const auto h265 = make_clip({.codec = Codec::h265});
    const auto b264 = make_clip({.gop = 50, .b_frames = 3});
    const auto b265 = make_clip({.codec = Codec::h265, .gop = 50, .b_frames = 3});
    const auto long_gop = make_clip({.codec = Codec::h265, .fps = 15, .gop = 450, .seconds = 60});
    const auto uhd = make_clip({.width = 3840, .height = 2160, .gop = 50, .bitrate_kbps = 16'000});
    return {
        {.slug = "h264-tcp", .file = h264},
        {.slug = "h265-tcp-digest",
         .file = h265,
         .has_password = true,
         .commands = {"auth C digest admin geheim"}},
        {.slug = "h264-udp-digest",
         .file = h264,
         .is_udp = true,
         .has_password = true,
         .commands = {"auth C digest admin geheim", "transport C udp"}},
        {.slug = "h265-udp", .file = h265, .is_udp = true},
        {.slug = "h264-basic", .file = h264, .has_password = true, .commands = {"auth C basic admin geheim"}},
        {.slug = "h264-b-frames", .file = b264},
        {.slug = "h265-b-frames", .file = b265},
        {.slug = "h264-b-frames-udp", .file = b264, .is_udp = true},
        {.slug = "gop-30s", .file = long_gop},
        {.slug = "rate-21", .file = h264, .commands = {"rate C 21"}},
        {.slug = "rate-21-said-25", .file = h264, .commands = {"rate C 21 declared"}},
        {.slug = "wrap", .file = h264, .commands = {"rtp-start C 4294427296"}},  // six seconds before 2^32
        {.slug = "clock-jump", .file = h264},
        {.slug = "wrong-ntp", .file = h264, .commands = {"ntp C -300000000"}},
        {.slug = "sets-in-sdp", .file = h264, .commands = {"in-band C off"}},
        {.slug = "sets-in-sdp-h265", .file = h265, .commands = {"in-band C off"}},
        {.slug = "no-aggregates", .file = h265, .commands = {"aggregates C off"}},
        {.slug = "sets-on-key", .file = h264},
        {.slug = "sets-in-mid-gop", .file = h264},
        {.slug = "sets-in-mid-gop-h265", .file = h265},
        {.slug = "disorder", .file = h264, .judgement = Judgement::pictures_only},
        {.slug = "corrupt", .file = h264, .judgement = Judgement::none},
        {.slug = "uhd-16-mbit", .file = uhd, .judgement = Judgement::some_files},
    };
}

std::vector<SiteCamera> configure(const std::vector<Kind>& kinds, const Farm& farm) {
    std::vector<SiteCamera> cameras;
    for (const Kind& kind : kinds) {
        SiteCamera camera{.slug = kind.slug, .url = farm.url(kind.slug), .is_udp = kind.is_udp};
        if (kind.has_password) {
            camera.username = "admin";
            camera.password = "geheim";
        }
        cameras.push_back(camera);
    }
    return cameras;
}

Farm start_farm(const std::filesystem::path& folder, const std::vector<Kind>& kinds) {
    std::vector<FarmCamera> cameras;
    std::vector<std::string> commands;
    for (const Kind& kind : kinds) {
        cameras.push_back({kind.slug, kind.file});
        for (std::string command : kind.commands)
            commands.push_back(command.replace(command.find(" C "), 3, " " + kind.slug + " "));
    }
    return Farm{folder, cameras, commands};
}

/// The large picture costs more to decode than all the others together: one file of it speaks for the rest.
std::vector<std::string> check_by_decoder(const Kind& kind, const Footage& footage) {
    switch (kind.judgement) {
        case Judgement::decodable:
            return check_decodable(footage);
        case Judgement::some_files:
            return check_decodable(footage, 1);
        case Judgement::pictures_only:
            return check_pictures_decode(footage);
        case Judgement::none:
            break;
    }
    return {};
}

bool all_have(const Site& site, const std::vector<Kind>& kinds, std::uint64_t frames) {
    return std::ranges::all_of(kinds, [&](const Kind& kind) { return site.frames(kind.slug) >= frames; });
}

}  // namespace

TEST_CASE(
    "Everything that healthy cameras of every kind send is recorded (I7, I8, I9, I14, I15)",
    "[recorder][rtsp]"
) {
    const std::vector<Kind> kinds = make_kinds();
    Site site{"10s"};
    const Farm farm = start_farm(site.folder() / "farm", kinds);
    site.write_config(configure(kinds, farm));
    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return all_have(site, kinds, 100); }));
    for (const char* const command :
         {"clock clock-jump 3600",
          "sets sets-on-key key",
          "sets sets-in-mid-gop mid",
          "sets sets-in-mid-gop-h265 mid",
          "disorder disorder 8",
          "corrupt corrupt 5"})
        farm.command(command);
    REQUIRE(eventually(20s, [&] { return all_have(site, kinds, 220); }));
    farm.command("clock clock-jump -3600");
    REQUIRE(eventually(40s, [&] { return all_have(site, kinds, 480); }));  // the long GOP's next key picture
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);

    for (const Kind& kind : kinds) {
        INFO(kind.slug);
        const Footage footage = load_footage(site.volume(), kind.slug);
        const auto sent = load_sent(farm.log(kind.slug));
        CHECK(first_of(check_structure(footage)) == "");
        CHECK(first_of(check_complete(footage, sent, {.until_us = stopped_us - 500'000})) == "");
        CHECK(first_of(check_times(footage, sent, 400ms)) == "");
        CHECK(first_of(check_by_decoder(kind, footage)) == "");
        CHECK(footage.runs() == 1);
        CHECK(std::ranges::all_of(footage.segments, &RecordedSegment::is_finished));
    }
}
