// Browser sessions over HTTP.
#include "tests/integration/api_stage.hpp"
#include "tests/support/captured_log.hpp"

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

std::string cookie_of(const Reply& reply) {
    const std::string header = reply.header("set-cookie");
    return "Cookie: " + header.substr(0, header.find(';'));
}

std::string csrf_of(const Reply& opened) {
    return "X-CSRF-Token: " + json::parse(opened.body)["csrf_token"].get<std::string>();
}

TEST_CASE(
    "a token is exchanged for a cookie that no script and no other site can use",
    "[api][session][integration]"
) {
    ApiStage stage;
    stage.start();
    const CapturedLog log;
    const Reply opened = stage.ask("POST", "/v1/sessions");
    REQUIRE(opened.status == 201);
    const json body = json::parse(opened.body);
    CHECK(body["principal"] == "test viewer");
    CHECK(body["roles"] == json::array({"viewer"}));
    CHECK(body["expires"] == to_rfc3339(stage.clock.now() + std::chrono::hours{12}));
    CHECK(body["idle_seconds"] == 3600);
    const std::string header = opened.header("set-cookie");
    CHECK(header.starts_with("sluice_session=slt_"));
    CHECK(header.find("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict") != std::string::npos);
    CHECK(opened.body.find("slt_") == std::string::npos);

    const std::string cookie = cookie_of(opened);
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {cookie}).status == 200);
    CHECK(fetch(stage.port(), "GET", "/metrics", {cookie}).status == 403);  // no more than its token's roles
    // The catalogue knows neither the cookie nor what it was made of.
    CHECK(stage.database.query("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == "1");
    CHECK(
        stage.database.query("SELECT encode(cookie_sha256, 'hex') FROM sessions") ==
        to_hex(token_hash(cookie.substr(cookie.find('=') + 1)))
    );

    const Reply foreign = fetch(stage.port(), "DELETE", "/v1/sessions/current", {cookie});
    CHECK(foreign.status == 403);
    CHECK(json::parse(foreign.body)["code"] == "CSRF_TOKEN_NEEDED");
    const std::string csrf = csrf_of(opened);
    const Reply closed = fetch(stage.port(), "DELETE", "/v1/sessions/current", {cookie, csrf});
    CHECK(closed.status == 204);
    CHECK(closed.header("set-cookie").starts_with("sluice_session=; Path=/; Max-Age=0;"));
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {cookie}).status == 401);
    CHECK(fetch(stage.port(), "DELETE", "/v1/sessions/current", {cookie, csrf}).status == 401);
    CHECK(stage.database.query("SELECT end_reason FROM sessions") == "closed");
    CHECK(log.count("session_opened") == 1);
    CHECK(log.count("session_ended") == 1);
    CHECK(log.text().find("slt_") == std::string::npos);
}

TEST_CASE(
    "a cookie opens no session, changes nothing, and counts only as a cookie",
    "[api][session][integration]"
) {
    ApiStage stage;
    stage.start();
    const std::string cookie = cookie_of(stage.ask("POST", "/v1/sessions"));
    const Reply again = fetch(stage.port(), "POST", "/v1/sessions", {cookie});
    CHECK(again.status == 401);
    CHECK(json::parse(again.body)["code"] == "UNAUTHENTICATED");
    CHECK(fetch(stage.port(), "POST", "/nothing", {cookie}).status == 401);
    CHECK(fetch(stage.port(), "GET", "/nothing", {cookie}).status == 404);
    const std::string value = cookie.substr(cookie.find('=') + 1);
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {"Authorization: Bearer " + value}).status == 401);
    CHECK(
        fetch(stage.port(), "GET", "/v1/cameras", {"Cookie: sluice_session=" + make_token()}).status == 401
    );
    // An Authorization header decides alone: a wrong one is not covered up by a cookie.
    CHECK(
        fetch(stage.port(), "GET", "/v1/cameras", {cookie, "Authorization: Bearer " + make_token()}).status ==
        401
    );
    // Without a cookie there is nothing to end.
    const Reply none = stage.ask("DELETE", "/v1/sessions/current");
    CHECK(none.status == 404);
    CHECK(json::parse(none.body)["code"] == "SESSION_NOT_FOUND");
    CHECK(stage.ask("GET", "/v1/sessions").status == 405);
    CHECK(fetch(stage.port(), "POST", "/v1/sessions").status == 401);
    CHECK(fetch(stage.port(), "POST", "/v1/sessions", {stage.authorization("metrics")}).status == 403);
    CHECK(stage.ask("POST", "/v1/sessions?token=x").status == 400);
}

TEST_CASE("a session ends with the token it was opened with", "[api][session][integration]") {
    ApiStage stage;
    stage.start();
    const std::string cookie = cookie_of(stage.ask("POST", "/v1/sessions"));
    stage.database.execute(
        "UPDATE credentials SET revoked_at = from_us(" + std::to_string(to_epoch_us(stage.clock.now())) + ")"
    );
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {cookie}).status == 401);
}

TEST_CASE(
    "the end of a session that ended by itself is said once, with its time",
    "[api][session][integration]"
) {
    ApiStage stage;
    stage.start();
    CHECK(stage.ask("POST", "/v1/sessions").status == 201);
    // Another start of the service looks at once.
    stage.service->stop();
    const UtcTime end = stage.clock.now() - std::chrono::minutes{1};
    stage.database.execute(
        "UPDATE sessions SET opened_at = from_us(0), expires_at = from_us(" +
        std::to_string(to_epoch_us(end)) + ")"
    );
    const CapturedLog log;
    stage.start();
    CHECK(stage.get("/v1/cameras").status == 200);
    CHECK(stage.get("/v1/cameras").status == 200);
    CHECK(log.count("session_ended") == 1);
    CHECK(log.text().find("\"reason\":\"expired\",\"at\":\"" + to_rfc3339(end)) != std::string::npos);
}

}  // namespace
}  // namespace sluice::test
