// Events at the doors over HTTP, from the sender's signature to what follows from them.
#include "config/base/files.hpp"
#include "jobs/access/keeper.hpp"
#include "storage/access/card.hpp"
#include "tests/integration/doors_stage.hpp"

#include <memory>
#include <stop_token>
#include <string>

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr const char* kSecret = "a secret of the controller";

struct SignedStage : DoorsStage {
    SignedStage() {
        furnish();
        const auto file = data.path() / "acs-1.secret";
        REQUIRE(replace_file(file, std::string{kSecret} + "\n", 0600));
        config.access.sources.push_back({.source = "urn:acs-1", .secret_file = file});
        start();
    }
    [[nodiscard]] json event(const std::string& id, const std::string& source = "urn:acs-1") const {
        return {
            {"specversion", "1.0"},
            {"id", id},
            {"source", source},
            {"type", "door.opened"},
            {"time", to_rfc3339(clock.now())},
            {"data", {{"door", "1f-main"}}},
        };
    }
    [[nodiscard]] Reply
    send(const json& body, UtcTime at, const std::string& secret, const std::string& source) {
        const std::string seconds = std::to_string(to_epoch_us(at) / 1'000'000);
        const std::string text = body.dump();
        const Sha256Digest mac =
            access::hmac_sha256(as_bytes(std::string_view{secret}), as_bytes(seconds + '.' + text));
        return fetch(
            port(),
            "POST",
            "/v1/access/events",
            {"Content-Type: application/cloudevents+json",
             "Sluice-Source: " + source,
             "Sluice-Timestamp: " + seconds,
             "Sluice-Signature: sha256=" + to_hex(mac)},
            text
        );
    }
    [[nodiscard]] std::string stored() { return database.query("SELECT count(*) FROM access_events"); }
};

TEST_CASE("a source signs its events instead of showing a token", "[api][access][integration]") {
    SignedStage stage;
    const UtcTime now = stage.clock.now();
    const Reply taken = stage.send(stage.event("1"), now, kSecret, "urn:acs-1");
    CAPTURE(taken.body);
    CHECK(taken.status == 200);
    CHECK(json::parse(taken.body)["accepted"] == 1);
    CHECK(stage.stored() == "1");
    CHECK(
        stage.database.query("SELECT count(*) FROM ledger_records WHERE record LIKE '%source urn:acs-1%'") ==
        "1"
    );

    // The same again is one event.
    CHECK(json::parse(stage.send(stage.event("1"), now, kSecret, "urn:acs-1").body)["duplicates"] == 1);

    // Another secret, another source's name, a signature of yesterday, none at all.
    CHECK(stage.send(stage.event("2"), now, "another", "urn:acs-1").status == 401);
    CHECK(stage.send(stage.event("2"), now, kSecret, "urn:acs-2").status == 401);
    CHECK(stage.send(stage.event("2"), now, "", "urn:acs-2").status == 401);
    CHECK(stage.send(stage.event("2"), now - std::chrono::minutes{6}, kSecret, "urn:acs-1").status == 401);
    CHECK(stage.send(stage.event("2"), now + std::chrono::minutes{6}, kSecret, "urn:acs-1").status == 401);
    CHECK(
        stage.post("/v1/access/events", stage.event("2"), {"Content-Type: application/cloudevents+json"})
            .status == 401
    );
    // Its events only.
    CHECK(stage.send(stage.event("2", "urn:acs-2"), now, kSecret, "urn:acs-1").status >= 400);
    CHECK(stage.stored() == "1");
}

/// The rear door was opened in the evening, and the worker has looked at it.
struct AlarmedStage : SignedStage {
    AlarmedStage() {
        opened = event("open");
        opened["data"]["door"] = "1f-rear";
        REQUIRE(send(opened, clock.now(), kSecret, "urn:acs-1").status == 200);
        clock.move(std::chrono::minutes{5});
        catalogue::Pool worker{database.conninfo("sluice_worker"), 1};
        jobs::AccessKeeper keeper;
        REQUIRE(keeper.tick(worker, clock, std::stop_token{}));
    }
    [[nodiscard]] std::string alarm(const std::string& kind) {
        const json items = got("/v1/access/alarms?kind=" + kind, guard)["items"];
        return items.empty() ? std::string{} : "/v1/access/alarms/" + items[0]["id"].get<std::string>();
    }
    /// What a client that has seen nothing is told up to this word.
    [[nodiscard]] std::string followed(const std::string& word) {
        Client client{port()};
        client.send(
            "GET /v1/access/stream HTTP/1.1\r\nHost: x\r\n" + secretary + "\r\nLast-Event-ID: 0.0\r\n\r\n"
        );
        const std::string text = client.read_until(word);
        record_exchange(
            {.method = "GET", .target = "/v1/access/stream", .headers = {secretary, "Last-Event-ID: 0.0"}},
            {.status = 200, .headers = {{"content-type", "text/event-stream"}}, .body = {}, .is_whole = false}
        );
        return text;
    }
    json opened;
};

TEST_CASE(
    "an event leads to an alarm, to footage that is only pointed at, and to an answer",
    "[api][access][integration]"
) {
    AlarmedStage stage;
    const json events = stage.got("/v1/access/events?door=1f-rear", stage.guard)["items"];
    REQUIRE(events.size() == 1);
    const std::string event = "/v1/access/events/" + events[0]["id"].get<std::string>();
    CHECK(stage.got(event, stage.guard) == events[0]);
    CHECK(stage.got(event + "/footage", stage.guard)["items"].empty());  // no camera sees this door
    CHECK(stage.got("/v1/access/events?door=1f-main", stage.guard)["items"].empty());
    CHECK(fetch(stage.port(), "GET", "/v1/access/events", {stage.admin}).status == 403);

    const std::string rear = stage.alarm("rear_door_open");
    REQUIRE_FALSE(rear.empty());
    CHECK(stage.got(rear, stage.guard)["door"] == "1f-rear");
    CHECK(stage.got(rear + "/footage", stage.guard)["items"].empty());
    const Reply taken = stage.post(rear + "/acknowledge", {{"reason", "警衛已前往"}}, {stage.guard});
    CAPTURE(taken.body);
    REQUIRE(taken.status == 200);
    CHECK(json::parse(taken.body)["state"] == "acknowledged");
    CHECK(stage.post(rear + "/resolve", {{"reason", ""}}, {stage.guard}).status == 422);
    CHECK(
        json::parse(stage.post(rear + "/resolve", {{"reason", "已上鎖"}}, {stage.secretary}).body)["state"] ==
        "resolved"
    );
    CHECK(stage.post(rear + "/resolve", {{"reason", "已上鎖"}}, {stage.admin}).status == 403);
    CHECK(stage.records("alarm.%") == "alarm.acknowledged alarm.resolved");

    const std::string told = stage.followed("rear_door_open");
    CHECK(told.find("door.opened") < told.find("rear_door_open"));

    const json report = stage.got("/v1/access/reports/open-doors?week=2026-11-18", stage.secretary);
    REQUIRE(report["items"].size() == 1);
    CHECK(report["items"][0]["door"] == "1f-rear");
}

TEST_CASE("a controller's file is read row by row, and its report stays", "[api][access][integration]") {
    SignedStage stage;
    const std::string table =
        "日期,時間,卡號,門名稱,事件\r\n115-11-18,18:05:00,0012345678,一樓後門,拒絕\r\n2026-11-18,25:00:00,,"
        "一樓後門,開門\r\n";
    const auto send_file = [&](const std::string& query, const std::string& who) {
        return fetch(
            stage.port(), "POST", "/v1/access/imports" + query, {who, "Content-Type: text/csv"}, table
        );
    };
    CHECK(send_file("?profile=acs-1", stage.guard).status == 403);
    CHECK(send_file("?profile=nobody", stage.secretary).status == 422);
    CHECK(json::parse(send_file("?profile=acs-1&dry_run=true", stage.secretary).body)["rows"] == 2);
    CHECK(stage.stored() == "0");
    const Reply taken = send_file("?profile=acs-1", stage.secretary);
    CAPTURE(taken.body);
    REQUIRE(taken.status == 201);
    const json report = json::parse(taken.body);
    CHECK(report["accepted"] == 1);
    CHECK(report["faults"][0]["line"] == 3);
    CHECK(report["faults"][0]["column"] == "時間");
    CHECK(stage.got("/v1/access/imports/" + report["id"].get<std::string>(), stage.secretary) == report);
    CHECK(json::parse(send_file("?profile=acs-1", stage.secretary).body)["duplicates"] == 1);
    CHECK(stage.database.query("SELECT count(*) FROM access_events WHERE data LIKE '%12345678%'") == "0");
}

}  // namespace
}  // namespace sluice::test
