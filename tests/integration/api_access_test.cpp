// Events that are signed by a secret of their source, without a token.
#include "config/base/files.hpp"
#include "storage/access/card.hpp"
#include "tests/integration/doors_stage.hpp"

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

}  // namespace
}  // namespace sluice::test
