#include "config/base/files.hpp"
#include "storage/status/recorder_status.hpp"
#include "tests/integration/api_stage.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

void write_status(const ApiStage& stage, UtcTime written) {
    status::RecorderStatus recorder;
    recorder.written = written;
    recorder.database_connected = true;
    status::VolumeStatus volume;
    volume.path = stage.folder.path();
    volume.is_writable = true;
    recorder.volumes = {volume};
    status::StreamStatus stream;
    stream.camera_slug = "drive-left";
    stream.state = status::StreamState::recording;
    recorder.streams = {stream};
    const auto path = status::status_path(stage.data.path());
    std::filesystem::create_directories(path.parent_path());
    REQUIRE(replace_file_unsynced(path, status::to_json(recorder), 0640));
}

TEST_CASE("only health answers without a token", "[api][integration]") {
    ApiStage stage;
    stage.start();
    CHECK(fetch(stage.port(), "GET", "/healthz").status == 200);
    CHECK(fetch(stage.port(), "GET", "/readyz").status == 200);
    for (const char* target :
         {"/metrics",
          "/v1/openapi.yaml",
          "/v1/cameras",
          "/v1/cameras/drive-left",
          "/v1/coverage",
          "/v1/cameras/drive-left/segments",
          "/v1/cameras/drive-left/coverage",
          "/nothing",
          "/v1/cameras/drive-left/clip.mp4",
          "/v1/cameras/drive-left/snapshot.jpg",
          "/v1/%zz"}) {
        INFO(target);
        const Reply reply = fetch(stage.port(), "GET", target);
        CHECK(reply.status == 401);
        CHECK(reply.header("www-authenticate").starts_with("Bearer"));
        CHECK(json::parse(reply.body)["code"] == "UNAUTHENTICATED");
        CHECK(fetch(stage.port(), "GET", target, {"Authorization: Bearer " + make_token()}).status == 401);
    }
}

TEST_CASE(
    "a token works as Bearer and as Basic password, and each role stops where it ends",
    "[api][integration]"
) {
    ApiStage stage;
    stage.start();
    const auto status = [&](const std::string& role, const std::string& target) {
        return fetch(stage.port(), "GET", target, {stage.authorization(role)}).status;
    };
    CHECK(status("operator", "/metrics") == 200);
    CHECK(status("operator", "/v1/cameras") == 200);
    CHECK(status("viewer", "/v1/cameras") == 200);
    CHECK(status("viewer", "/metrics") == 403);
    CHECK(status("metrics", "/metrics") == 200);
    CHECK(status("metrics", "/v1/cameras") == 403);
    CHECK(status("metrics", "/v1/openapi.yaml") == 403);
    CHECK(status("metrics", clip_target(0, 1)) == 403);
}

TEST_CASE("cameras are listed in pages, with their official names and health", "[api][integration]") {
    ApiStage stage;
    write_status(stage, stage.clock.now());
    stage.start();
    const Reply list = stage.get("/v1/cameras");
    REQUIRE(list.status == 200);
    const json body = json::parse(list.body);
    REQUIRE(body["items"].size() == 1);
    CHECK(body["items"][0]["name"] == "迎賓車道左側");
    CHECK(body["items"][0]["streams"][0]["health"]["state"] == "recording");
    CHECK(body["next"].is_null());
    const Reply one = stage.get("/v1/cameras/drive-left");
    CHECK(json::parse(one.body) == body["items"][0]);
    const Reply none = stage.get("/v1/cameras/no-such");
    CHECK(none.status == 404);
    CHECK(json::parse(none.body)["code"] == "CAMERA_NOT_FOUND");
    CHECK(stage.get("/v1/cameras?cursor=x").status == 400);
    CHECK(stage.get("/v1/cameras/drive-left?x=1").status == 400);
}

TEST_CASE("an answer that the client has already is a 304", "[api][integration]") {
    ApiStage stage;
    stage.start();
    const std::string etag = stage.get("/v1/cameras").header("etag");
    REQUIRE_FALSE(etag.empty());
    const Reply again = stage.get("/v1/cameras", {"If-None-Match: " + etag});
    CHECK(again.status == 304);
    CHECK(again.header("etag") == etag);
    CHECK(again.header("content-length").empty());
}

TEST_CASE("HEAD is GET without the body, OPTIONS and 405 name the methods", "[api][integration]") {
    ApiStage stage;
    stage.start();
    Reply got = stage.get("/v1/cameras");
    Reply head = stage.ask("HEAD", "/v1/cameras");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    for (auto* reply : {&got, &head})
        for (const char* varying : {"x-request-id", "date"})
            reply->headers.erase(varying);
    CHECK(head.headers == got.headers);
    const Reply options = stage.ask("OPTIONS", "/v1/cameras");
    CHECK(options.status == 204);
    CHECK(options.header("allow") == "GET, HEAD, OPTIONS");
    const Reply refused = stage.ask("DELETE", "/v1/cameras/drive-left");
    CHECK(refused.status == 405);
    CHECK(refused.header("allow") == "GET, HEAD, OPTIONS");
    CHECK(stage.get("/v2").status == 404);
    CHECK(stage.get("/v1/%ff").status == 400);
    CHECK(stage.get("/v1/cameras/a%2Fb").status == 404);
}

TEST_CASE("every answer names its request and keeps browsers in check", "[api][integration]") {
    ApiStage stage;
    stage.start();
    const Reply reply = fetch(stage.port(), "GET", "/healthz", {"X-Request-Id: my-1"});
    CHECK(reply.header("x-request-id") == "my-1");
    CHECK(reply.header("x-content-type-options") == "nosniff");
    CHECK(reply.header("content-security-policy").find("default-src 'none'") == 0);
    CHECK(
        fetch(stage.port(), "GET", "/healthz", {"X-Request-Id: <script>"}).header("x-request-id").size() == 36
    );
}

TEST_CASE("segments come in pages that together are all of them, once", "[api][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    const auto first = run.record(100);
    run.save_day(first, 7);
    run.begin();
    run.append(50);
    run.save_open();
    stage.start();
    const std::string target = "/v1/cameras/drive-left/segments" + interval(0, 3600);
    std::set<std::string> ids;
    std::string previous;
    std::string cursor;
    int pages = 0;
    for (;; ++pages) {
        const Reply reply = stage.get(target + "&limit=3" + cursor);
        REQUIRE(reply.status == 200);
        const json body = json::parse(reply.body);
        CHECK(body["items"].size() <= 3);
        for (const auto& item : body["items"]) {
            CHECK(ids.insert(item["id"]).second);
            CHECK(previous <= item["from"].get<std::string>());
            previous = item["from"];
        }
        if (body["next"].is_null()) break;
        cursor = "&cursor=" + body["next"].get<std::string>();
    }
    CHECK(pages == 2);
    CHECK(ids.size() == 8);
    CHECK(json::parse(stage.get(target).body)["items"].back()["state"] == "open");
    CHECK(stage.get(target + "&limit=1001").status == 400);
    CHECK(stage.get(target + "&cursor=AAAA").status == 400);
    CHECK(stage.get(target + "&stream=sub").status == 404);
    CHECK(stage.get("/v1/cameras/drive-left/segments" + interval(10, 5)).status == 422);
    CHECK(stage.get("/v1/cameras/drive-left/segments").status == 400);
}

TEST_CASE(
    "coverage: footage and gaps fill the interval, for one camera and for all (I15)",
    "[api][integration]"
) {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::camera_unreachable);
    stage.save_gap(4, 8, GapCause::camera_unreachable);
    stage.start();
    const Reply one = stage.get("/v1/cameras/drive-left/coverage" + interval(0, 8));
    REQUIRE(one.status == 200);
    const json body = json::parse(one.body);
    CHECK(body["percent"].get<double>() == Approx(50).margin(1));
    REQUIRE(body["covered"].size() == 1);
    CHECK(body["covered"][0]["from"] == to_rfc3339(at_second(0)));
    REQUIRE(body["gaps"].size() == 1);
    CHECK(body["gaps"][0]["cause"] == "camera_unreachable");
    CHECK(body["gaps"][0]["to"] == to_rfc3339(at_second(8)));
    const json all = json::parse(stage.get("/v1/coverage" + interval(0, 8)).body);
    REQUIRE(all["items"].size() == 1);
    CHECK(all["items"][0]["covered"] == body["covered"]);
    CHECK(all["items"][0]["gaps"] == body["gaps"]);
    CHECK(stage.get("/v1/coverage" + interval(0, 367.0 * 86400)).status == 422);
}

TEST_CASE("the contract is served as it stands in the repository", "[api][integration]") {
    ApiStage stage;
    stage.start();
    const auto text = read_text_file(SLUICE_SOURCE_DIR "/api/openapi.yaml", 1 << 20);
    REQUIRE(text);
    const Reply reply = stage.get("/v1/openapi.yaml");
    CHECK(reply.header("content-type") == "application/yaml");
    CHECK(reply.body == *text);
}

TEST_CASE("readiness and metrics speak of the recorder", "[api][integration]") {
    ApiStage stage;
    write_status(stage, stage.clock.now() - std::chrono::seconds{1});
    stage.start();
    const json ready = json::parse(fetch(stage.port(), "GET", "/readyz").body);
    CHECK(ready["status"] == "degraded");
    // Nobody has imported one, nobody is named.
    CHECK(ready["reasons"] == json{"calendar_missing", "contacts_missing"});
    CHECK(ready["recorder_status_age_seconds"] == 1.0);
    static_cast<void>(stage.get("/v1/cameras"));
    const Reply metrics = fetch(stage.port(), "GET", "/metrics", {stage.authorization("metrics")});
    CHECK(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    CHECK(
        metrics.body.find("sluice_stream_recording{camera=\"drive-left\",stream=\"main\"} 1") !=
        std::string::npos
    );
    CHECK(metrics.body.find("route=\"/v1/cameras\",status=\"200\"") != std::string::npos);
}

}  // namespace
}  // namespace sluice::test
