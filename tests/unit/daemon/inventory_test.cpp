#include "daemon/inventory.hpp"

#include "config/base/files.hpp"
#include "daemon/catalogue_feed.hpp"
#include "storage/catalogue/inventory.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/studio.hpp"
#include "tests/support/temp_folder.hpp"

#include <thread>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

config::Config site() {
    config::Camera camera;
    camera.slug = "drive-left";
    camera.name = "迎賓車道左側";
    camera.url = "rtsp://192.0.2.1/a";
    camera.streams = {StreamKind::main, StreamKind::sub};
    config::Recorder recorder;
    recorder.slug = "xvr-1";
    recorder.cameras = {camera};
    config::Config config;
    config.recorders = {recorder};
    return config;
}

}  // namespace

TEST_CASE("I19: ids are made once, kept in state.json and found again", "[daemon][disk]") {
    const test::TempFolder data;
    const UtcTime now{std::chrono::seconds{1'763'892'000}};
    auto first = volume::ensure_installation(data.path(), now);
    REQUIRE(first);
    CHECK(assign_ids(*first, site(), now));
    CHECK_FALSE(assign_ids(*first, site(), now));  // nothing new
    REQUIRE(volume::save_installation(data.path(), *first));

    auto second = volume::ensure_installation(data.path(), now + std::chrono::hours{1});
    REQUIRE(second);
    CHECK(*second == *first);
    CHECK_FALSE(assign_ids(*second, site(), now));
    config::Config without = site();
    without.recorders[0].cameras.clear();
    CHECK_FALSE(assign_ids(*second, without, now));
    CHECK(second->cameras.contains("drive-left")
    );  // a camera that left keeps its id for the day it comes back
}

TEST_CASE("I19: a state.json that can't be understood is refused, never replaced", "[daemon][disk]") {
    const test::TempFolder data;
    std::filesystem::create_directories(data.path() / "recorder");
    REQUIRE(replace_file(volume::state_path(data.path()), "{\"format\":", 0644));
    const auto loaded = volume::ensure_installation(data.path(), UtcTime{});
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().remedy() == Remedy::operator_acts);
    CHECK(read_text_file(volume::state_path(data.path()), 100).value() == "{\"format\":");
}

TEST_CASE("inventory and streams say what the configuration says", "[daemon]") {
    volume::Installation installation;
    installation.installation_id = Uuid{{1}};
    assign_ids(installation, site(), UtcTime{std::chrono::seconds{1'763'892'000}});
    const auto inventory = catalogue::make_inventory(installation, site());
    CHECK(inventory.cameras.size() == 1);
    CHECK(inventory.streams.size() == 2);
    const auto streams = make_stream_settings(installation, site());
    REQUIRE(streams.size() == 2);
    CHECK(streams[0].identity.stream_id != streams[1].identity.stream_id);
    CHECK(streams[0].identity.camera_id == inventory.cameras[0].id);

    config::Config renamed = site();
    renamed.recorders[0].cameras[0].tags = {"entrance"};
    CHECK(is_same(streams[0], make_stream_settings(installation, renamed)[0])
    );  // tags interrupt no recording
    renamed.recorders[0].cameras[0].name = "迎賓車道右側";
    CHECK_FALSE(is_same(streams[0], make_stream_settings(installation, renamed)[0]));
}

TEST_CASE(
    "I13: without a database segments are taken at once and counted, beyond a bound by name only",
    "[daemon]"
) {
    const test::TempFolder nowhere;
    test::ManualClock clock;
    volume::RealFiles files;
    CatalogueFeed feed{
        {"host=" + nowhere.path().string() + " dbname=sluice connect_timeout=1", Uuid{{1}}, {}, {}},
        files,
        clock
    };
    for (int i = 0; i < 700; ++i) {
        segment::FinishedSegment segment;
        segment.info.segment_id = make_uuid_v7(clock.wall);
        feed.on_finished(Uuid{{2}}, std::move(segment));
    }
    std::jthread thread([&](const std::stop_token& stop) { feed.run(stop); });
    CHECK(test::eventually(std::chrono::seconds{5}, [&] { return feed.health().backlog == 700; }));
    CHECK_FALSE(feed.health().is_connected);
}
