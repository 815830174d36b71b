// Accounts and the powers of persons over HTTP, and the end of the bootstrap policy.
#include "api/authorize.hpp"
#include "tests/integration/account_stage.hpp"
#include "tests/support/captured_log.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;

json account_body(const std::string& name, const std::string& role) {
    return {
        {"name", name},
        {"roles", {role}},
        {"unit", "資訊室"},
        {"acknowledgement_document", "保密 1"},
        {"acknowledgement_date", "2026-01-01"},
    };
}

TEST_CASE("with the first account machines lose footage, at once", "[api][account][integration][article7]") {
    AccountStage stage;
    StageRun run{stage, plain(), 0};
    run.record(250);
    run.end(GapCause::shutdown);
    const std::string viewer = stage.authorization("viewer");
    const std::string operator_token = stage.authorization("operator");
    const std::string metrics = stage.authorization("metrics");
    const std::string clip = clip_target(0, 8);
    const CapturedLog log;
    CHECK(fetch(stage.port(), "GET", clip, {viewer}).status == 200);
    stage.create("管理員", {"admin"});
    for (const std::string& token : {viewer, operator_token}) {
        const Reply refused = fetch(stage.port(), "GET", clip, {token});
        CHECK(refused.status == 403);
        CHECK(AccountStage::code_of(refused) == "ART7_NOT_APPROVED");
        CHECK(json::parse(refused.body)["article"] == "7");
        CHECK(fetch(stage.port(), "GET", "/v1/cameras", {token}).status == 200);
        for (const char* route : {"snapshot.jpg?at=", "hls/index.m3u8?from="}) {
            const std::string target =
                std::string{"/v1/cameras/drive-left/"} + route + to_rfc3339(at_second(1)) +
                (std::string_view{route}.starts_with("hls") ? "&to=" + to_rfc3339(at_second(9)) : "");
            INFO(target);
            CHECK(AccountStage::code_of(fetch(stage.port(), "GET", target, {token})) == "ART7_NOT_APPROVED");
        }
        CHECK(
            AccountStage::code_of(fetch(stage.port(), "GET", "/v1/cameras/drive-left/live.m3u8", {token})) ==
            "ART7_NOT_APPROVED"
        );
    }
    CHECK(fetch(stage.port(), "GET", "/metrics", {metrics}).status == 200);
    CHECK(log.text().find("\"policy\":\"articles\"") != std::string::npos);
}

TEST_CASE("admin keeps accounts, and each step is in the audit log", "[api][account][integration]") {
    AccountStage stage;
    const Uuid admin_id = stage.create("管理員", {"admin"});
    const std::string admin = stage.token_of(admin_id);
    const Reply created = stage.post("/v1/accounts", account_body("王小明", "guard"), {admin});
    REQUIRE(created.status == 201);
    const json account = json::parse(created.body);
    CHECK(account["unit"] == "資訊室");
    CHECK(account["acknowledgement"]["document"] == "保密 1");
    CHECK(account["state"] == "active");
    const std::string first = account["first_password"];
    const std::string target = created.header("location");
    CHECK(fetch(stage.port(), "GET", target, {admin}).body.find("first_password") == std::string::npos);
    const Login login =
        stage.log_in({{"name", "王小明"}, {"password", first}, {"new_password", "a good new password"}});
    CHECK(login.reply.status == 201);

    // Its owner sees his own and no other; keeps none.
    CHECK(fetch(stage.port(), "GET", target, {login.cookie}).status == 200);
    const std::string admins = "/v1/accounts/" + to_string(admin_id);
    CHECK(fetch(stage.port(), "GET", admins, {login.cookie}).status == 403);
    CHECK(
        fetch(stage.port(), "GET", "/v1/accounts/" + to_string(make_uuid_v7(kStageStart)), {login.cookie})
            .status == 403
    );
    CHECK(fetch(stage.port(), "GET", "/v1/accounts", {login.cookie}).status == 403);
    CHECK(stage.post("/v1/accounts", account_body("x", "guard"), {login.cookie, login.csrf}).status == 403);

    const auto patch = [&](const std::string& where, const json& body, std::vector<std::string> headers) {
        headers.push_back(admin);
        return fetch(stage.port(), "PATCH", where, headers, body.dump());
    };
    CHECK(patch(target, {{"roles", {"auditor"}}}, {}).status == 428);
    CHECK(patch(target, {{"roles", {"auditor"}}}, {"If-Match: \"7\""}).status == 412);
    CHECK(patch(target, {{"roles", {"emperor"}}}, {"If-Match: \"1\""}).status == 422);
    const Reply changed = patch(target, {{"roles", {"auditor"}}}, {"If-Match: \"1\""});
    CHECK(changed.status == 200);
    CHECK(json::parse(changed.body)["roles"] == json::array({"auditor"}));
    // At once, in the session that is open.
    CHECK(fetch(stage.port(), "GET", "/v1/accounts", {login.cookie}).status == 200);
    const Reply own = patch(admins, {{"roles", {"director"}}}, {"If-Match: \"1\""});
    CHECK(own.status == 403);
    CHECK(AccountStage::code_of(own) == "SOD_SELF_APPROVAL");

    CHECK(stage.post(target + "/disable", {{"reason", "lost"}}, {admin}).status == 200);
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {login.cookie}).status == 401);
    CHECK(stage.post(target + "/disable", {{"reason", "again"}}, {admin}).status == 409);
    CHECK(
        stage.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                             "record::jsonb->'principal'->>'name' = '管理員'"
        ) == "account.created account.changed account.disabled"
    );
    CHECK(
        stage.database.query(
            "SELECT count(*) FROM ledger_records WHERE record::text LIKE '%" + first + "%'"
        ) == "0"
    );
    const json list = json::parse(fetch(stage.port(), "GET", "/v1/accounts?limit=1", {admin}).body);
    CHECK(list["items"].size() == 1);
    const json rest = json::parse(
        fetch(stage.port(), "GET", "/v1/accounts?cursor=" + list["next"].get<std::string>(), {admin}).body
    );
    CHECK(rest["items"].size() == 1);
    CHECK(rest["next"].is_null());
}

TEST_CASE(
    "no account passes for another, and none has letters that nobody sees",
    "[api][account][hostile][integration]"
) {
    AccountStage stage;
    const std::string admin = stage.token_of(stage.create("admin", {"admin"}));
    for (const char* twin : {"ADMIN", "ａｄｍｉｎ", " admin "}) {
        const Reply refused = stage.post("/v1/accounts", account_body(twin, "guard"), {admin});
        CHECK(refused.status == 409);
        CHECK(AccountStage::code_of(refused) == "NAME_TAKEN");
    }
    for (const char* bad : {"ad\u200bmin", "\u202eadmin", "\u0430dmin", "x\u00ad"}) {
        const Reply refused = stage.post("/v1/accounts", account_body(bad, "guard"), {admin});
        CHECK(refused.status == 422);
        CHECK(AccountStage::code_of(refused) == "NAME_UNFIT");
    }
    for (const char* member : {"name", "roles", "acknowledgement_document", "acknowledgement_date"}) {
        json body = account_body("somebody", "guard");
        body.erase(member);
        CHECK(stage.post("/v1/accounts", body, {admin}).status == 422);
    }
    json machine = account_body("camera shop", "contractor");
    machine["kind"] = "machine";
    machine["cameras"] = {"drive-left"};
    CHECK(stage.post("/v1/accounts", machine, {admin}).status == 201);
    machine["name"] = "another shop";
    machine["roles"] = {"director"};
    CHECK(stage.post("/v1/accounts", machine, {admin}).status == 422);
}

TEST_CASE(
    "live takes an approval by the secretariat, with a paper and an end",
    "[api][account][integration][article7]"
) {
    AccountStage stage;
    const Uuid guard_id = stage.create("警衛", {"guard"});
    const Uuid chief_id = stage.create("秘書", {"secretariat"});
    const std::string guard = stage.token_of(guard_id);
    const std::string chief = stage.token_of(chief_id);
    const std::string live = "/v1/cameras/drive-left/live.m3u8";
    const UtcTime now = stage.clock.now();
    json body{
        {"account", to_string(guard_id)},
        {"valid_to", to_rfc3339(now + std::chrono::hours{8})},
        {"document", "即時 1"},
        {"reason", "值勤"},
    };
    CHECK(AccountStage::code_of(fetch(stage.port(), "GET", live, {guard})) == "ART7_NOT_APPROVED");
    CHECK(stage.post("/v1/live-approvals", body, {guard}).status == 403);
    json own = body;
    own["account"] = to_string(chief_id);
    CHECK(AccountStage::code_of(stage.post("/v1/live-approvals", own, {chief})) == "SOD_SELF_APPROVAL");
    json endless = body;
    endless["valid_to"] = to_rfc3339(now + std::chrono::days{400});
    CHECK(stage.post("/v1/live-approvals", endless, {chief}).status == 422);
    endless.erase("valid_to");
    CHECK(stage.post("/v1/live-approvals", endless, {chief}).status == 422);
    const Reply approved = stage.post("/v1/live-approvals", body, {chief});
    REQUIRE(approved.status == 201);
    // The camera stands still, so nothing is live; but it is no question of rights any more.
    const Reply seen = fetch(stage.port(), "GET", live, {guard});
    CHECK(seen.status != 403);
    CHECK(
        AccountStage::code_of(fetch(stage.port(), "GET", clip_target(0, 8), {guard})) == "ART7_NOT_APPROVED"
    );
    const std::string target = "/v1/live-approvals/" + json::parse(approved.body)["id"].get<std::string>();
    CHECK(stage.post(target + "/revoke", json::object(), {guard}).status == 403);
    CHECK(stage.post(target + "/revoke", json::object(), {chief}).status == 200);
    CHECK(stage.post(target + "/revoke", json::object(), {chief}).status == 409);
    CHECK(AccountStage::code_of(fetch(stage.port(), "GET", live, {guard})) == "ART7_NOT_APPROVED");
    const json list = json::parse(fetch(stage.port(), "GET", "/v1/live-approvals", {chief}).body);
    CHECK(list["items"][0]["state"] == "revoked");
    CHECK(
        stage.database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE action LIKE 'live.%'"
        ) == "live.approved live.revoked"
    );
}

TEST_CASE("an approver lends the own power, on paper and for a time", "[api][account][integration]") {
    AccountStage stage;
    const Uuid deputy_id = stage.create("副局長", {"unit_head"});
    const std::string director = stage.token_of(stage.create("局長", {"director"}));
    const std::string deputy = stage.token_of(deputy_id);
    const UtcTime now = stage.clock.now();
    json body{
        {"role", "director"},
        {"to", to_string(deputy_id)},
        {"valid_to", to_rfc3339(now + std::chrono::days{7})},
        {"document", "代理 7"},
    };
    CHECK(stage.post("/v1/delegations", body, {deputy}).status == 403);
    json foreign = body;
    foreign["role"] = "level1";
    CHECK(stage.post("/v1/delegations", foreign, {director}).status == 403);
    const Reply made = stage.post("/v1/delegations", body, {director, "Idempotency-Key: a"});
    REQUIRE(made.status == 201);
    const Reply again = stage.post("/v1/delegations", body, {director, "Idempotency-Key: a"});
    CHECK(again.status == 200);
    CHECK(again.body == made.body);
    CHECK(json::parse(made.body)["to"]["name"] == "副局長");
    CHECK(json::parse(made.body)["state"] == "active");
    CHECK(fetch(stage.port(), "GET", "/v1/delegations", {deputy}).status == 403);
    const std::string target =
        "/v1/delegations/" + json::parse(made.body)["id"].get<std::string>() + "/revoke";
    const std::string other = stage.token_of(stage.create("前局長", {"director"}));
    CHECK(stage.post(target, json::object(), {other}).status == 403);
    CHECK(stage.post(target, json::object(), {director}).status == 200);
    CHECK(
        json::parse(fetch(stage.port(), "GET", "/v1/delegations", {director}).body)["items"][0]["state"] ==
        "revoked"
    );
}

TEST_CASE(
    "a token of a person without an account ends with bootstrap",
    "[api][account][hostile][integration]"
) {
    AccountStage stage;
    const std::string stray = stage.authorization_of("舊的", "auditor");
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {stray}).status == 200);
    stage.create("管理員", {"admin"});
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {stray}).status == 401);
    CHECK(fetch(stage.port(), "GET", "/nothing", {stray}).status == 401);
}

TEST_CASE(
    "where the policy in force wants a second factor, a session without one is told so",
    "[api][account][integration]"
) {
    AccountStage stage;
    const Uuid id = stage.create("局長", {"director"});
    catalogue::Pool pool{stage.database.conninfo("sluice_api"), 1};
    catalogue::PrincipalRow director;
    director.id = id;
    director.kind = catalogue::PrincipalKind::person;
    director.roles = {"director"};
    const auto grant = [&] {
        const auto standing =
            api::load_standing(pool, &director, api::Action::request_grant, stage.clock.now());
        REQUIRE(standing.has_value());
        const api::Subject another{
            .camera_id = {}, .stream = {}, .interval = {}, .relation = api::Relation::other
        };
        return api::authorize(&director, api::Action::request_grant, another, *standing).code;
    };
    CHECK(grant() == "");
    stage.database.execute(
        "UPDATE policy_versions SET rules = rules || "
        "'[{\"id\": \"AUTH_TOTP_TO_APPROVE\", \"value\": \"required\", \"unit\": \"\", \"article\": \"9\"}]'"
    );
    CHECK(grant() == "AUTH_TOTP_REQUIRED");
    director.has_second_factor = true;
    CHECK(grant() == "");
}

}  // namespace
}  // namespace sluice::test
