#include "tests/integration/api_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

const Media& plain() {
    static const Media made = make_media({});
    return made;
}

/// Five seconds of footage, and a secretary who keeps it.
struct Office : ApiStage {
    Office() {
        StageRun run{*this, plain(), 0};
        static_cast<void>(run.record(125));
        start();
        keeper = authorization_of("王秘書", "secretariat");
    }
    [[nodiscard]] Reply send(
        const std::string& method,
        const std::string& target,
        const json& body,
        std::vector<std::string> headers = {}
    ) {
        headers.push_back(keeper);
        return fetch(port(), method, target, headers, body.dump());
    }
    [[nodiscard]] Reply read(const std::string& target) { return fetch(port(), "GET", target, {keeper}); }
    [[nodiscard]] json flag() const {
        return {
            {"camera", "drive-left"},
            {"from", to_rfc3339(at_second(0))},
            {"to", to_rfc3339(at_second(4))},
            {"reason", "腳踏車失竊"}
        };
    }
    [[nodiscard]] static std::string code(const Reply& reply) { return json::parse(reply.body)["code"]; }
    [[nodiscard]] std::string acts() const {
        return database.query(
            "SELECT coalesce(string_agg(action, ' ' ORDER BY filed_at), '') FROM ledger_records "
            "WHERE action LIKE 'hold.%' OR action LIKE 'policy.%'"
        );
    }

    std::string keeper;
};

TEST_CASE(
    "a clip is flagged in one call, looked at before, extended and released",
    "[api][hold][integration]"
) {
    Office office;
    const Reply preview = office.send("POST", "/v1/holds?dry_run=true", office.flag());
    REQUIRE(preview.status == 200);
    CHECK(json::parse(preview.body)["impact"]["segments"] == 1);
    CHECK(json::parse(preview.body)["impact"]["seconds"] == 5.0);
    CHECK(office.acts().empty());

    const Reply placed = office.send("POST", "/v1/holds", office.flag());
    REQUIRE(placed.status == 201);
    json hold = json::parse(placed.body);
    const std::string address = placed.header("location");
    CHECK(hold["kind"] == "flag");
    CHECK(hold["state"] == "active");
    CHECK(hold["cameras"] == json{"drive-left"});
    CHECK(hold["owner"]["name"] == "王秘書");
    CHECK(hold["impact"]["segments"] == 1);
    CHECK(hold["impact"]["bytes"] > 0);
    CHECK(hold["expires"] != nullptr);

    const json soon{{"expires", to_rfc3339(office.clock.now() + std::chrono::hours{1})}, {"reason", "x"}};
    CHECK(office.send("PATCH", address, soon).status == 428);
    CHECK(office.send("PATCH", address, soon, {"If-Match: \"7\""}).status == 412);
    const Reply earlier = office.send("PATCH", address, soon, {"If-Match: " + placed.header("etag")});
    CHECK(earlier.status == 422);
    CHECK(office.code(earlier) == "HOLD_EXPIRY_EARLIER");
    const json review{
        {"review", to_rfc3339(office.clock.now() + std::chrono::hours{24})}, {"reason", "look again"}
    };
    const Reply changed = office.send("PATCH", address, review, {"If-Match: " + placed.header("etag")});
    REQUIRE(changed.status == 200);
    CHECK(json::parse(changed.body)["revision"] == 2);
    CHECK(office.send("PATCH", address, review, {"If-Match: " + placed.header("etag")}).status == 412);

    CHECK(json::parse(office.read(address).body)["impact"]["segments"] == 1);
    CHECK(json::parse(office.read("/v1/holds?state=active&camera=drive-left").body)["items"].size() == 1);
    const Reply released = office.send("POST", address + "/release", {{"reason", "found"}});
    REQUIRE(released.status == 200);
    CHECK(json::parse(released.body)["state"] == "released");
    CHECK(json::parse(released.body)["release"]["by"] == "王秘書");
    CHECK(office.code(office.send("POST", address + "/release", {{"reason", "again"}})) == "HOLD_ENDED");
    CHECK(json::parse(office.read("/v1/holds?state=active").body)["items"].empty());
    CHECK(office.acts() == "hold.placed hold.extended hold.released");
}

TEST_CASE(
    "what belongs to an incident or a duty period is not released by hand before that is over",
    "[api][hold][integration]"
) {
    Office office;
    const bool is_period = GENERATE(false, true);
    const std::string owner = to_string(make_uuid_v7(office.clock.now()));
    const std::string now = to_rfc3339(office.clock.now());
    office.database.execute(
        is_period ? "INSERT INTO duty_periods (id, kind, name, reason, from_at, to_at, raises, placed_by, "
                    "placer, placed_at) "
                    "SELECT '" +
                        owner + "', 'special', '國慶', '特別勤務', '" + now + "', '" +
                        to_rfc3339(office.clock.now() + std::chrono::hours{1}) + "', 1, id, name, '" + now +
                        "' FROM principals WHERE name = '王秘書'"
                  : "INSERT INTO incidents (id, kind, severity, state, state_since, opened_at, cause, "
                    "subject, principal) "
                    "VALUES ('" +
                        owner + "', 'cyber', 'high', 'detected', now(), now(), 'x', '{}', 'test')"
    );
    json body = office.flag();
    body["kind"] = is_period ? "duty_period" : "incident";
    body["owner"] = owner;
    const Reply placed = office.send("POST", "/v1/holds", body);
    REQUIRE(placed.status == 201);
    const std::string address = placed.header("location");
    const Reply refused = office.send("POST", address + "/release", {{"reason", "no longer wanted"}});
    CHECK(refused.status == 409);
    const json problem = json::parse(refused.body);
    CHECK(problem["code"] == "HOLD_OWNED");
    CHECK(problem["owner"]["kind"] == body["kind"]);
    CHECK(problem["owner"]["id"] == owner);
    CHECK(json::parse(office.read(address).body)["state"] == "active");
    // To keep it longer does no harm: its owner ends it all the same.
    const json review{
        {"review", to_rfc3339(office.clock.now() + std::chrono::hours{24})}, {"reason", "look again"}
    };
    CHECK(office.send("PATCH", address, review, {"If-Match: " + placed.header("etag")}).status == 200);
    if (!is_period) return;
    office.clock.move(std::chrono::hours{2});
    CHECK(office.send("POST", address + "/release", {{"reason", "over"}}).status == 200);
}

TEST_CASE(
    "article 7(5): only the law keeps footage beyond its ceiling",
    "[api][hold][article7][integration]"
) {
    Office office;
    json body = office.flag();
    body["expires"] = to_rfc3339(office.clock.now() + std::chrono::days{365});
    const Reply refused = office.send("POST", "/v1/holds", body);
    CHECK(refused.status == 422);
    const json problem = json::parse(refused.body);
    CHECK(problem["code"] == "RET_CEILING_1Y");
    CHECK(problem["article"] == "7(5)");
    // Recorded on 2026-11-18 in Asia/Taipei: due from 00:00 there of the day before the anniversary.
    CHECK(problem["latest"] == "2027-11-16T16:00:00.000000Z");
    body["kind"] = "judicial";
    CHECK(office.code(office.send("POST", "/v1/holds", body)) == "HOLD_LEGAL_BASIS");
    body["legal_basis"] = "115年度偵字第7號";
    const Reply placed = office.send("POST", "/v1/holds", body);
    CHECK(placed.status == 201);
    CHECK(json::parse(placed.body)["legal_basis"] == "115年度偵字第7號");
}

TEST_CASE(
    "article 7(4): a special hold says how many of its second copies are there",
    "[api][hold][integration]"
) {
    Office office;
    json body = office.flag();
    CHECK_FALSE(json::parse(office.send("POST", "/v1/holds", body).body).contains("copies"));
    body["kind"] = "special";
    body["custodian"] = "保管人";
    body["review"] = to_rfc3339(office.clock.now() + std::chrono::days{30});
    CHECK_FALSE(json::parse(office.send("POST", "/v1/holds?dry_run=true", body).body).contains("copies"));
    const Reply placed = office.send("POST", "/v1/holds", body);
    REQUIRE(placed.status == 201);
    const json hold = json::parse(placed.body);
    const json none{
        {"wanted", 1},
        {"suspect", 0},
        {"verified", 0},
        {"destroyed", 0},
        {"problem", nullptr},
        {"certificates", json::array()}
    };
    CHECK(hold["copies"] == none);
    const auto id = hold["id"].get<std::string>();
    CHECK(json::parse(office.read("/v1/holds/" + id).body)["copies"] == none);
    office.database.execute(
        "INSERT INTO hold_copy_problems VALUES ('" + id + "', 'no second volume', now())"
    );
    office.database.execute(
        "INSERT INTO hold_certificates VALUES (gen_random_uuid(), '" + id + "', now(), '{\"format\":1}')"
    );
    const json copies = json::parse(office.read("/v1/holds/" + id).body)["copies"];
    CHECK(copies["problem"] == "no second volume");
    REQUIRE(copies["certificates"].size() == 1);
}

TEST_CASE(
    "a hold that says too little, or not clearly, is refused by its member",
    "[api][hold][integration]"
) {
    Office office;
    struct Row {
        json change;
        unsigned status;
        std::string code;
        std::string field;
    };
    for (const Row& row : {
             Row{{{"reason", " "}}, 422, "MEMBER_MISSING", "reason"},
             Row{{{"camera", nullptr}}, 422, "MEMBER_MISSING", "cameras"},
             Row{{{"camera", "no-such"}}, 422, "CAMERA_NOT_FOUND", "cameras"},
             Row{{{"cameras", {"drive-left"}}}, 422, "CAMERA_TWICE", "cameras"},
             Row{{{"to", to_rfc3339(at_second(0))}}, 422, "INTERVAL_REVERSED", "to"},
             Row{{{"from", "yesterday"}}, 400, "INVALID_MEMBER", "from"},
             Row{{{"kind", "forever"}}, 400, "INVALID_MEMBER", "kind"},
             Row{{{"kind", "request"}}, 422, "HOLD_OWNER_MISSING", "kind"},
             Row{{{"kind", "special"}}, 422, "HOLD_CUSTODIAN", "custodian"},
             Row{{{"expires", to_rfc3339(at_second(0))}}, 422, "HOLD_EXPIRY_PAST", "expires"},
             Row{{{"review", to_rfc3339(at_second(0))}}, 422, "HOLD_REVIEW_PAST", "review"},
             Row{{{"owner", "me"}}, 422, "MEMBER_UNUSED", "owner"},
         }) {
        json body = office.flag();
        body.update(row.change);
        CAPTURE(body.dump());
        const Reply reply = office.send("POST", "/v1/holds", body);
        CHECK(reply.status == static_cast<int>(row.status));
        CHECK(office.code(reply) == row.code);
        CHECK(json::parse(reply.body)["field"] == row.field);
    }
    CHECK(json::parse(office.read("/v1/holds").body)["items"].empty());
    CHECK(office.acts().empty());
    CHECK(office.read("/v1/holds/nothing").status == 404);
    CHECK(office.read("/v1/holds?state=old").status == 400);
    CHECK(fetch(office.port(), "POST", "/v1/holds", {office.keeper}).status == 415);
}

TEST_CASE("the same Idempotency-Key is the same hold", "[api][hold][integration]") {
    Office office;
    const Reply first = office.send("POST", "/v1/holds", office.flag(), {"Idempotency-Key: a"});
    const Reply second = office.send("POST", "/v1/holds", office.flag(), {"Idempotency-Key: a"});
    CHECK(first.status == 201);
    CHECK(second.status == 200);
    CHECK(first.header("location") == second.header("location"));
    CHECK(office.acts() == "hold.placed");
}

TEST_CASE("holds are the secretariat's: others read, or see nothing", "[api][hold][integration]") {
    Office office;
    for (const auto& [role, may_read] :
         {std::pair{"director", true},
          {"ethics", true},
          {"auditor", true},
          {"admin", false},
          {"applicant", false}}) {
        CAPTURE(role);
        const std::string asker = office.authorization_of(role, role);
        CHECK(fetch(office.port(), "GET", "/v1/holds", {asker}).status == (may_read ? 200 : 403));
        CHECK(fetch(office.port(), "POST", "/v1/holds", {asker}, office.flag().dump()).status == 403);
    }
    CHECK(office.ask("GET", "/v1/holds").status == 403);  // a viewer
    CHECK(fetch(office.port(), "GET", "/v1/holds").status == 401);
}

TEST_CASE("article 12: the policy is proposed by one and adopted by another", "[api][policy][integration]") {
    Office office;
    const std::string director = office.authorization_of("局長", "director");
    json versions = json::parse(office.read("/v1/policy/versions").body)["items"];
    REQUIRE(versions.size() == 1);
    CHECK(versions[0]["state"] == "in_force");
    json rules = versions[0]["rules"];
    for (const json& shipped : versions[0]["shipped_rules"])
        rules.push_back(shipped);
    for (json& rule : rules)
        if (rule["id"] == "RET_KEEP") rule["value"] = 90;

    const Reply nobody = fetch(
        office.port(),
        "POST",
        "/v1/policy/versions",
        {office.authorization("operator")},
        json{{"rules", rules}, {"note", "x"}}.dump()
    );
    CHECK(nobody.status == 403);
    const Reply proposed =
        office.send("POST", "/v1/policy/versions", {{"rules", rules}, {"note", "a longer window"}});
    REQUIRE(proposed.status == 201);
    CHECK(json::parse(proposed.body)["state"] == "proposed");
    CHECK(json::parse(proposed.body)["changes"] == json{"RET_KEEP: 30 days -> 90 days"});

    const std::string address = "/v1/policy/versions/2/adopt";
    const auto adopt = [&](const std::string& who, const json& body) {
        return fetch(office.port(), "POST", address, {who}, body.dump());
    };
    CHECK(adopt(office.keeper, {{"document", "115-7"}}).status == 403);
    CHECK(office.code(adopt(director, {{"document", ""}})) == "MEMBER_MISSING");
    CHECK(
        office.code(adopt(director, {{"document", "115-7"}, {"valid_from", to_rfc3339(at_second(0))}})) ==
        "POLICY_BACKDATED"
    );
    const Reply adopted = adopt(director, {{"document", "府水字第1150007號"}});
    REQUIRE(adopted.status == 200);
    CHECK(json::parse(adopted.body)["state"] == "in_force");
    CHECK(json::parse(adopted.body)["adoption"]["by"] == "局長");
    CHECK(office.code(adopt(director, {{"document", "115-8"}})) == "POLICY_ADOPTED");
    versions = json::parse(office.read("/v1/policy/versions").body)["items"];
    CHECK(versions[0]["state"] == "superseded");
    CHECK(office.acts() == "policy.proposed policy.adopted");

    rules.erase(0);
    const Reply broken = office.send("POST", "/v1/policy/versions", {{"rules", rules}, {"note", "x"}});
    CHECK(office.code(broken) == "POLICY_INVALID");
    CHECK(
        office.code(office.send("POST", "/v1/policy/versions", {{"rules", 1}, {"note", "x"}})) ==
        "INVALID_MEMBER"
    );
}

}  // namespace
}  // namespace sluice::test
