#include "config/base/files.hpp"
#include "storage/catalogue/xvr_repository.hpp"
#include "storage/status/recorder_status.hpp"
#include "tests/integration/api_stage.hpp"
#include "tests/support/eventually.hpp"

#include <filesystem>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const std::string kSlug = "xvr-1";

/// What the worker has heard of the stage's recorder.
void tell(ApiStage& stage) {
    catalogue::Pool worker{stage.database.conninfo("sluice_worker"), 1};
    const UtcTime now = stage.clock.now();
    REQUIRE(catalogue::save_recorder_link(
        worker,
        {.recorder = kSlug, .state = "connected", .since = now, .problem = "", .heard = now, .ignored = 7}
    ));
    REQUIRE(catalogue::save_recorder_clock(worker, kSlug, {.at = now, .offset = -1500ms, .round_trip = 12ms})
    );
    REQUIRE(catalogue::save_recorder_titles(
        worker,
        kSlug,
        {{1, "drive-left", "迎賓車道左側", "CAM 1", now},
         {2, "drive-right", "迎賓車道右側", "迎賓車道右側", now}}
    ));
    REQUIRE(catalogue::save_recorder_pictures(
        worker,
        kSlug,
        {{.channel = 1,
          .camera = "drive-left",
          .state = catalogue::PictureState::ok,
          .problem = {},
          .size = {1920, 1080},
          .bytes = 9,
          .asked = now,
          .had = now,
          .usual = catalogue::PictureSize{1920, 1080}},
         {.channel = 2,
          .camera = "drive-right",
          .state = catalogue::PictureState::error,
          .problem = "the recorder answers 400",
          .asked = now}}
    ));
    catalogue::RecorderBatch batch;
    for (int i = 0; i < 3; ++i) {
        access::Event event;
        event.source = "/recorders/" + kSlug;
        event.id = std::to_string(i);
        event.code = "recorder.login";
        event.received = now + i * 1s;
        batch.acts.push_back(
            {.event_id = access::id_of(event.source, event.id),
             .at = event.received,
             .recorder = kSlug,
             .code = event.code,
             .who = "sluice",
             .verdict = "own",
             .request_id = {},
             .incident_id = {}}
        );
        batch.events.push_back(std::move(event));
    }
    REQUIRE(catalogue::save_recorder_batch(worker, batch, now));
}

TEST_CASE(
    "recorders show what they tell of themselves, and what was done at them",
    "[api][xvr][integration]"
) {
    ApiStage stage;
    stage.start();
    const auto read = [&](const std::string& target, const std::string& role = "operator") {
        return fetch(stage.port(), "GET", target, {stage.authorization(role)});
    };
    const json before = json::parse(read("/v1/recorders").body);
    REQUIRE(before["items"].size() == 1);
    CHECK(before["items"][0]["events"] == nullptr);
    CHECK(before["items"][0]["clock"] == nullptr);
    tell(stage);
    const json after = json::parse(read("/v1/recorders", "viewer").body);
    CHECK(after["items"][0]["events"]["state"] == "connected");
    CHECK(after["items"][0]["events"]["ignored"] == 7);
    CHECK(after["items"][0]["clock"]["offset_ms"] == -1500);
    CHECK(after["items"][0]["titles_other"] == 1);
    const json one = json::parse(read("/v1/recorders/xvr-1").body);
    REQUIRE(one["titles"].size() == 2);
    CHECK(one["titles"][0]["shown"] == "CAM 1");
    CHECK(one["titles"][0]["same"] == false);
    CHECK(one["pictures_missing"] == 1);
    REQUIRE(one["pictures"].size() == 2);
    CHECK(one["pictures"][0]["state"] == "ok");
    CHECK(one["pictures"][0]["problem"] == nullptr);
    CHECK(one["pictures"][0]["size"]["width"] == 1920);
    CHECK(one["pictures"][0]["usual_size"]["height"] == 1080);
    CHECK(one["pictures"][1]["state"] == "error");
    CHECK(one["pictures"][1]["problem"] == "the recorder answers 400");
    CHECK(one["pictures"][1]["size"] == nullptr);
    CHECK(one["pictures"][1]["had"] == nullptr);
    CHECK(read("/v1/recorders/nothing").status == 404);

    const json page = json::parse(read("/v1/recorders/xvr-1/acts?limit=2").body);
    REQUIRE(page["items"].size() == 2);
    CHECK(page["items"][0]["verdict"] == "own");
    const json rest =
        json::parse(read("/v1/recorders/xvr-1/acts?limit=2&cursor=" + page["next"].get<std::string>()).body);
    CHECK(rest["items"].size() == 1);
    CHECK(rest["next"] == nullptr);
    CHECK(read("/v1/recorders/xvr-1/acts", "viewer").status == 403);
    CHECK(read("/v1/recorders/xvr-1/acts?cursor=odd").status == 400);
    CHECK(read("/v1/recorders/nothing/acts").status == 404);
}

TEST_CASE(
    "the power is what the recorder last said, and unknown when it says nothing",
    "[api][power][integration]"
) {
    ApiStage stage;
    stage.start();
    const auto power = [&] { return json::parse(stage.get("/v1/power").body); };
    CHECK(power() == json{{"items", json::array()}, {"durability_window_ms", nullptr}});
    status::RecorderStatus said;
    said.written = stage.clock.now();
    said.durability_window_ms = 1000;
    said.ups = {
        {.slug = "ups-1", .state = PowerState::battery, .feeds_recorder = true, .charge_percent = 83.5}
    };
    const auto path = status::status_path(stage.data.path());
    std::filesystem::create_directories(path.parent_path());
    REQUIRE(replace_file(path, status::to_json(said), 0644));
    REQUIRE(eventually(20s, [&] { return power()["items"].size() == 1; }));
    CHECK(power()["items"][0]["state"] == "battery");
    CHECK(power()["items"][0]["charge_percent"] == 83.5);
    CHECK(power()["items"][0]["runtime_seconds"] == nullptr);
    CHECK(power()["durability_window_ms"] == 1000);
    stage.clock.move(11s);
    CHECK(power()["items"][0]["state"] == "unknown");
    CHECK(power()["durability_window_ms"] == nullptr);
}

}  // namespace
}  // namespace sluice::test
