#include "api/cameras/camera_json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

TEST_CASE(
    "a camera shows its streams' health, and unknown when the recorder has gone quiet",
    "[api][cameras]"
) {
    catalogue::CameraRow camera;
    camera.id = make_uuid_v7(kNow);
    camera.slug = "drive-left";
    camera.name = "迎賓車道左側";
    catalogue::StreamRow stream{make_uuid_v7(kNow), camera.id, StreamKind::main};
    catalogue::StreamRow foreign{make_uuid_v7(kNow), make_uuid_v7(kNow), StreamKind::main};
    status::RecorderStatus recorder;
    recorder.written = kNow - 9s;
    status::StreamStatus state;
    state.camera_slug = "drive-left";
    state.state = status::StreamState::recording;
    recorder.streams = {state};

    const auto shown = to_json(camera, {stream, foreign}, &recorder, kNow);
    CHECK(shown["name"] == "迎賓車道左側");
    REQUIRE(shown["streams"].size() == 1);
    CHECK(shown["streams"][0]["health"]["state"] == "recording");
    CHECK(shown["channel"].is_null());

    CHECK(to_json(camera, {stream}, &recorder, kNow + 1s)["streams"][0]["health"]["state"] == "unknown");
    CHECK(to_json(camera, {stream}, nullptr, kNow)["streams"][0]["health"].is_null());
}

}  // namespace
}  // namespace sluice::api
