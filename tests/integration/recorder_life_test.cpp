// Start, reload, stop, and the days on which the database is away.
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/site.hpp"

#include <algorithm>
#include <csignal>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

SiteCamera camera(const Farm& farm, const std::string& name) {
    return {.slug = name, .url = farm.url(name)};
}

std::vector<std::string>
check_all(const Site& site, const Farm& farm, const std::string& name, std::int64_t until_us) {
    const Footage footage = load_footage(site.volume(), name);
    auto problems = check_structure(footage);
    for (auto& problem : check_complete(footage, load_sent(farm.log(name)), {.until_us = until_us}))
        problems.push_back(std::move(problem));
    return problems;
}

/// Takes the database back up even when a test ends early: others need it.
struct DatabaseAway {
    DatabaseAway() { Postgres::instance().stop(); }
    ~DatabaseAway() { come_back(); }
    void come_back() {
        if (is_away_) Postgres::instance().start();
        is_away_ = false;
    }

private:
    bool is_away_ = true;
};

}  // namespace

TEST_CASE(
    "A configuration read again stops, starts and changes only the cameras it names",
    "[recorder][rtsp]"
) {
    Site site;
    const auto clip = make_clip({});
    const Farm farm{
        site.folder() / "farm", {{"stays", clip}, {"goes", clip}, {"moves", clip}, {"comes", clip}}
    };
    site.write_config({camera(farm, "stays"), camera(farm, "goes"), camera(farm, "moves")});
    site.start_recorder();
    REQUIRE(eventually(20s, [&] {
        return site.frames("stays") > 50 && site.frames("goes") > 0 && site.frames("moves") > 0;
    }));
    const auto run = site.stream_status("stays")->run_id;
    SiteCamera moved = camera(farm, "moves");
    moved.is_udp = true;
    site.write_config({camera(farm, "stays"), moved, camera(farm, "comes")});
    site.recorder().send_signal(SIGHUP);
    REQUIRE(eventually(20s, [&] { return site.frames("comes") > 50; }));
    REQUIRE(eventually(20s, [&] { return load_events(farm.log("moves"), "session_began").size() == 2; }));
    CHECK(site.stream_status("stays")->run_id == run);
    CHECK(load_events(farm.log("stays"), "session_began").size() == 1);
    CHECK(load_events(farm.log("goes"), "teardown").size() == 1);
    CHECK_FALSE(site.stream_status("goes"));

    // A faulty file is refused as a whole, and everything goes on as it was.
    const std::uint64_t frames = site.frames("stays");
    site.write_config({{.slug = "stays", .url = "http://127.0.0.1/picture"}});
    site.recorder().send_signal(SIGHUP);
    REQUIRE(eventually(20s, [&] { return site.frames("stays") > frames + 50; }));
    CHECK(site.stream_status("stays")->run_id == run);
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);
    CHECK(first_of(check_all(site, farm, "stays", stopped_us - 500'000)) == "");
}

TEST_CASE(
    "SIGTERM finishes open segments within two seconds and the gap after it is a shutdown (I15)",
    "[recorder][rtsp]"
) {
    Site site;
    const Farm farm{site.folder() / "farm", {{"cam1", make_clip({})}}};
    site.write_config({camera(farm, "cam1")});
    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return site.frames("cam1") > 50; }));
    CHECK(site.stop_recorder(5s) < 2s);
    CHECK(load_events(farm.log("cam1"), "teardown").size() == 1);
    const Footage footage = load_footage(site.volume(), "cam1");
    CHECK(footage.segments.size() >= 1);
    CHECK(std::ranges::all_of(footage.segments, &RecordedSegment::is_finished));

    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return site.frames("cam1") > 50; }));
    CHECK(site.await_catalogue(20s));
    const auto gaps = site.gap_causes("cam1");
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].starts_with("shutdown "));
    CHECK(gaps[0].find("open") == std::string::npos);
    CHECK(site.stop_recorder(5s) < 2s);
}

TEST_CASE(
    "Recording begins without a database, which learns everything when it comes (I13, I19)",
    "[recorder][rtsp][pg]"
) {
    Site site;
    const Farm farm{site.folder() / "farm", {{"cam1", make_clip({})}}};
    site.write_config({camera(farm, "cam1")});
    DatabaseAway database;
    site.start_recorder();
    REQUIRE(eventually(30s, [&] { return site.frames("cam1") > 200; }));
    farm.command("close cam1");
    REQUIRE(eventually(30s, [&] { return site.frames("cam1") > 300; }));
    CHECK_FALSE(site.status()->database_connected);
    database.come_back();
    CHECK(site.await_catalogue(40s));
    const auto gaps = site.gap_causes("cam1");
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].starts_with("camera_unreachable "));
    CHECK(first_of(check_no_hole(site.coverage("cam1"), RealClock{}.now() - 4s, 50ms)) == "");
    CHECK(site.stop_recorder(5s) < 2s);
}

TEST_CASE(
    "GStreamer's server with Digest is recorded over TCP and UDP, each picture decodable",
    "[recorder][rtsp]"
) {
    Site site;
    ProcessOptions options;
    options.log = site.folder() / "cameras.log";
    options.environment = {"SLUICE_DEMO_PASSWORD=geheim", "HOME=" + site.folder().string()};
    auto server = Process::start({SLUICE_BIN_DIR "/sluice-demo-cameras"}, options);
    REQUIRE(server);
    const auto ready = server->wait_for_line("ready ", 30s);
    REQUIRE(ready);
    const std::string address = ready->substr(6) + "/cam/realmonitor?channel=";
    site.write_config(
        {{.slug = "over-tcp", .url = address + "1&subtype=0", .username = "admin", .password = "geheim"},
         {.slug = "over-udp",
          .url = address + "16&subtype=1",
          .is_udp = true,
          .username = "admin",
          .password = "geheim"}}
    );
    site.start_recorder();
    REQUIRE(eventually(40s, [&] { return site.frames("over-tcp") > 80 && site.frames("over-udp") > 80; }));
    CHECK(site.stop_recorder(5s) < 2s);
    for (const char* const name : {"over-tcp", "over-udp"}) {
        const Footage footage = load_footage(site.volume(), name);
        CHECK(footage.pictures() > 80);
        CHECK(first_of(check_structure(footage)) == "");
        CHECK(first_of(check_decodable(footage)) == "");
    }
    CHECK(server->stop(5s) == ExitStatus{});
}
