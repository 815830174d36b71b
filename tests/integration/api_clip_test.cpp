#include "tests/integration/granted_viewer.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/process.hpp"

#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

TEST_CASE("a clip comes over HTTP with every frame, and HEAD knows its length", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.record(100);
    run.end(GapCause::shutdown);
    stage.start();
    const Reply reply = stage.get(clip_target(1.3, 6));
    REQUIRE(reply.status == 200);
    CHECK(reply.is_whole);
    CHECK(reply.header("content-type") == "video/mp4");
    CHECK(reply.header("sluice-interval").starts_with("from=\"" + to_rfc3339(at_second(1))));
    CHECK(reply.header("sluice-gaps").empty());
    CHECK(reply.header("content-location").empty());
    const auto file = stage.data.path() / "clip.mp4";
    std::ofstream{file, std::ios::binary} << reply.body;
    const Verdict verdict = judge(file);
    CHECK(verdict.errors == "");
    CHECK(verdict.frames == 125);
    const Reply head = stage.ask("HEAD", clip_target(1.3, 6));
    CHECK(head.header("content-length") == std::to_string(reply.body.size()));
    CHECK(head.header("etag") == reply.header("etag"));
}

TEST_CASE("ranges of a clip put together are the clip", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.record(100);
    run.end(GapCause::shutdown);
    stage.start();
    GrantedViewer viewer{stage};
    viewer.take_copy(0, 7);
    const std::string target = GrantedViewer::clip_of(viewer.granted);
    const Reply whole = viewer.get(target);
    REQUIRE(whole.status == 200);
    std::string joined;
    while (joined.size() < whole.body.size()) {
        const std::size_t last = std::min(joined.size() + 30'000, whole.body.size()) - 1;
        const Reply part = viewer.get(
            target,
            {"Range: bytes=" + std::to_string(joined.size()) + "-" + std::to_string(last),
             "If-Range: " + whole.header("etag")}
        );
        REQUIRE(part.status == 206);
        CHECK(
            part.header("content-range") == "bytes " + std::to_string(joined.size()) + "-" +
                                                std::to_string(last) + "/" + std::to_string(whole.body.size())
        );
        joined += part.body;
    }
    CHECK((joined == whole.body));
    CHECK(viewer.get(target, {"Range: bytes=-10"}).body == whole.body.substr(whole.body.size() - 10));
    CHECK(viewer.get(target, {"Range: bytes=0-1,5-6"}).status == 200);
    CHECK(viewer.get(target, {"Range: bytes=0-1", "If-Range: \"other\""}).status == 200);
    CHECK(viewer.get(target, {"If-None-Match: " + whole.header("etag")}).status == 304);
    CHECK(viewer.get(target, {"If-Match: \"other\""}).status == 412);
    const Reply beyond = viewer.get(target, {"Range: bytes=99999999-"});
    CHECK(beyond.status == 416);
    CHECK(beyond.header("content-range") == "bytes */" + std::to_string(whole.body.size()));
    const Reply malformed = viewer.get(target, {"Range: bytes=a-b"});
    CHECK(malformed.status == 400);
    CHECK(json::parse(malformed.body)["code"] == "MALFORMED_RANGE");
}

TEST_CASE(
    "a download begun in an open segment is finished after its rename, byte-equal (I18)",
    "[api][clip][integration]"
) {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.begin();
    run.append(100);
    run.save_open();
    stage.start();
    const Reply open = stage.get(clip_target(0, std::nullopt));
    REQUIRE(open.status == 200);
    const std::string location = open.header("content-location");
    REQUIRE(location.starts_with("/v1/cameras/drive-left/clip.mp4?from="));
    const Reply begun = stage.get(location, {"Range: bytes=0-9999"});
    REQUIRE(begun.status == 206);
    CHECK(begun.header("etag") == open.header("etag"));
    run.append(50);
    run.finish();
    const Reply rest = stage.get(location, {"Range: bytes=10000-", "If-Range: " + begun.header("etag")});
    REQUIRE(rest.status == 206);
    CHECK((begun.body + rest.body == open.body));
}

TEST_CASE(
    "a connection that is reading an open segment goes on over its rename",
    "[api][clip][integration]"
) {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.begin();
    for (int i = 0; i < 400; ++i)
        run.append(100);
    run.save_open();
    stage.start();
    const Reply whole = stage.get(clip_target(0, 1500));
    REQUIRE(whole.status == 200);
    REQUIRE(
        whole.body.size() > 8'000'000
    );  // more than the sockets hold, so that the server is still in the file
    Client client{stage.port(), 65536};
    REQUIRE(client.send(
        "GET " + clip_target(0, 1500) + " HTTP/1.1\r\nHost: x\r\n" + stage.authorization("viewer") +
        "\r\n\r\n"
    ));
    client.await_head();
    run.finish();
    const Reply slow = client.receive();
    CHECK(slow.status == 200);
    CHECK((slow.body == whole.body));  // not taken apart: a failure would print 120 MB
}

TEST_CASE("what can't be given out says why, with a code and what to do", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::camera_unreachable);
    stage.save_gap(4, 60, GapCause::camera_unreachable);
    StageRun second{stage, plain(), 60};
    second.begin();
    second.append(50);
    second.save_open();
    stage.start();
    const auto refused =
        [&](const std::string& target, int status, const std::string& code, const std::string& field) {
            const Reply reply = stage.get(target);
            INFO(reply.body);
            CHECK(reply.status == status);
            CHECK(reply.header("content-type") == "application/problem+json");
            const json body = json::parse(reply.body);
            CHECK(body["code"] == code);
            if (!field.empty()) CHECK(body["field"] == field);
            return body;
        };
    const json none = refused(clip_target(10, 20), 404, "NO_FOOTAGE", "");
    CHECK(none["gaps"][0]["cause"] == "camera_unreachable");
    const json early = refused(clip_target(60, 600), 409, "NOT_YET_DURABLE", "");
    CHECK(early["available_to"].is_string());
    CHECK(stage.get(clip_target(60, 600)).header("retry-after") == "5");
    refused(clip_target(5, 4), 422, "INTERVAL_REVERSED", "to");
    refused(clip_target(7200, 7300), 422, "INTERVAL_IN_FUTURE", "from");
    refused(clip_target(-86400 - 60, 0), 422, "INTERVAL_TOO_LONG", "to");
    refused("/v1/cameras/drive-left/clip.mp4?to=x", 400, "MISSING_PARAMETER", "from");
    refused("/v1/cameras/drive-left/clip.mp4?from=x", 400, "INVALID_PARAMETER", "from");
    refused(clip_target(0, 1) + "&token=abc", 400, "UNKNOWN_PARAMETER", "token");
    refused(clip_target(0, 1) + "&run=abc", 400, "INVALID_PARAMETER", "run");
    refused(clip_target(0, 1) + "&stream=sub", 404, "STREAM_NOT_FOUND", "stream");
}

TEST_CASE("a gap inside a clip is listed in its header", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::packet_loss);
    stage.save_gap(4, 10, GapCause::packet_loss);
    StageRun second{stage, plain(), 10};
    second.record(100);
    second.end(GapCause::shutdown);
    stage.start();
    const Reply reply = stage.get(clip_target(0, 14));
    REQUIRE(reply.status == 200);
    CHECK(
        reply.header("sluice-gaps") ==
        "packet_loss;from=\"" + to_rfc3339(at_second(4)) + "\";to=\"" + to_rfc3339(at_second(10)) + "\""
    );
}

TEST_CASE("a snapshot is the key frame at or before a moment", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::shutdown);
    stage.start();
    const std::string target = "/v1/cameras/drive-left/snapshot.jpg";
    CHECK(stage.get(target + "?at=" + to_rfc3339(at_second(-100))).status == 404);
    GrantedViewer viewer{stage};
    viewer.take_copy(0, 3);
    const Reply reply = viewer.get(target + "?at=" + to_rfc3339(at_second(2.5)));
    REQUIRE(reply.status == 200);
    CHECK(reply.header("content-type") == "image/jpeg");
    CHECK(reply.header("sluice-at") == to_rfc3339(at_second(2)));
    CHECK(reply.body.starts_with("\xff\xd8\xff"));
    CHECK(viewer.get(target + "?at=" + to_rfc3339(at_second(7200))).status == 422);
    CHECK(viewer.get(target + "?at=" + to_rfc3339(at_second(-100))).status == 403);
}

TEST_CASE("without a moment the snapshot is the newest picture on disk", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.begin();
    run.append(100);
    run.save_open();
    stage.clock.set(at_second(6));
    stage.start();
    const Reply reply = stage.get("/v1/cameras/drive-left/snapshot.jpg");
    REQUIRE(reply.status == 200);
    CHECK(reply.header("sluice-at") >= to_rfc3339(at_second(2)));
    CHECK(reply.header("sluice-at") <= to_rfc3339(at_second(4)));
}

TEST_CASE("a client that does not read holds no worker", "[api][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    const auto first = run.record(500);
    run.save_day(first, 60);
    run.end(GapCause::shutdown);
    stage.config.api.workers = 1;
    stage.config.api.threads = 1;
    stage.start();
    const std::string request = "GET " + clip_target(0, 1200) + " HTTP/1.1\r\nHost: x\r\n" +
                                stage.authorization("viewer") + "\r\n\r\n";
    std::vector<std::unique_ptr<Client>> lazy;
    for (int i = 0; i < 5; ++i) {
        lazy.push_back(std::make_unique<Client>(stage.port(), 4096));
        REQUIRE(lazy.back()->send(request));
    }
    CHECK(stage.get("/v1/cameras").status == 200);
    const Reply read_late = lazy.front()->receive();
    CHECK(read_late.is_whole);
    CHECK(read_late.body.size() > 6'000'000);
}

TEST_CASE("over TLS a clip is the same", "[api][clip][integration][tls]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.record(100);
    run.end(GapCause::shutdown);
    const auto certificate = stage.data.path() / "certificate.pem";
    const auto key = stage.data.path() / "key.pem";
    make_certificate(certificate, key, "first");
    stage.start();
    const std::string plain_body = stage.get(clip_target(0, 8)).body;
    stage.service->stop();
    stage.config.api.tls_certificate = certificate;
    stage.config.api.tls_key = key;
    stage.start();
    const std::string address = "https://127.0.0.1:" + std::to_string(stage.port());
    const std::string viewer = stage.authorization("viewer");
    const auto curl = [&](const std::string& target) {
        const auto done = run_to_end(
            {"curl", "-sS", "--cacert", certificate.string(), "-H", viewer, address + target},
            std::chrono::seconds{20}
        );
        REQUIRE(done);
        INFO(done->errors);
        CHECK(done->status.code == 0);
        return done->output;
    };
    CHECK(curl(clip_target(0, 8)) == plain_body);
    make_certificate(certificate, key, "second");
    stage.service->reload();
    CHECK(curl("/healthz") == "{\"status\":\"ok\"}\n");  // curl trusts only the new one
}

}  // namespace
}  // namespace sluice::test
