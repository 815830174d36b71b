#include "storage/access/card.hpp"
#include "tests/integration/doors_stage.hpp"

#include <filesystem>

namespace sluice::test {
namespace {

using nlohmann::json;

struct PeopleStage : DoorsStage {
    std::string second = token_of(create("李秘書", {"secretariat"}));
    std::string auditor = token_of(create("稽核", {"auditor"}));
    PeopleStage() {
        for (const char* slug : {"staff", "cleaning"})
            static_cast<void>(made("/v1/person-categories", {{"slug", slug}, {"name", slug}}, admin));
    }
    [[nodiscard]] static json card(const std::string& number) {
        return {
            {"card", number},
            {"holder", "A-017"},
            {"category", "staff"},
            {"valid_to", "2027-11-18T00:00:00Z"},
            {"reason", "新進同仁"}
        };
    }
    [[nodiscard]] Reply step(const json& credential, const std::string& word, const std::string& who) {
        return post(
            "/v1/door-credentials/" + credential["id"].get<std::string>() + "/" + word,
            {{"reason", "事由"}},
            {who}
        );
    }
    [[nodiscard]] Reply send_roster(const std::string& csv, const std::string& query = {}) {
        return fetch(
            port(), "POST", "/v1/rosters/staff/imports" + query, {secretary, "Content-Type: text/csv"}, csv
        );
    }
};

TEST_CASE(
    "a card is applied for by one person, approved by another, and its number is kept nowhere",
    "[api][doors][integration]"
) {
    PeopleStage stage;
    const json applied =
        stage.made("/v1/door-credentials", PeopleStage::card("0001-2345 6789"), stage.secretary);
    CHECK(applied["state"] == "applied");
    CHECK(applied["last_four"] == "6789");
    CHECK(DoorsStage::code_of(stage.step(applied, "approve", stage.secretary)) == "SOD_SELF_APPROVAL");
    CHECK(DoorsStage::code_of(stage.step(applied, "refuse", stage.secretary)) == "SOD_SELF_APPROVAL");
    CHECK(stage.step(applied, "approve", stage.admin).status == 403);
    CHECK(DoorsStage::code_of(stage.step(applied, "suspend", stage.second)) == "CREDENTIAL_STATE");
    const Reply approved = stage.step(applied, "approve", stage.second);
    REQUIRE(approved.status == 200);
    CHECK(json::parse(approved.body)["decider"] == "李秘書");
    CHECK(json::parse(stage.step(applied, "suspend", stage.secretary).body)["state"] == "suspended");
    CHECK(json::parse(stage.step(applied, "reactivate", stage.secretary).body)["state"] == "active");
    // The same card under another spelling.
    CHECK(
        DoorsStage::code_of(
            stage.post("/v1/door-credentials", PeopleStage::card("123456789"), {stage.secretary})
        ) == "CARD_IN_USE"
    );
    CHECK(json::parse(stage.step(applied, "expire", stage.secretary).body)["state"] == "expired");
    CHECK(DoorsStage::code_of(stage.step(applied, "reactivate", stage.secretary)) == "CREDENTIAL_STATE");
    const json again = stage.made("/v1/door-credentials", PeopleStage::card("123456789"), stage.secretary);
    CHECK(json::parse(stage.step(again, "refuse", stage.second).body)["state"] == "refused");

    const auto key = access::load_or_make_card_key(access::card_key_file(stage.data.path())).value();
    CHECK(
        stage.database.query(
            "SELECT count(*) FROM door_credentials WHERE card_hmac = '\\x" +
            to_hex(key.seal("123456789")->hmac) + "'"
        ) == "2"
    );
    for (const char* table : {"door_credentials", "ledger_records", "roster_persons"}) {
        CAPTURE(table);
        CHECK(
            stage.database.query(
                std::string{"SELECT count(*) FROM "} + table + " t WHERE t::text LIKE '%123456789%'"
            ) == "0"
        );
    }
    CHECK(
        stage.records("door_credential.%") ==
        "door_credential.applied door_credential.approved door_credential.suspended "
        "door_credential.reactivated door_credential.expired door_credential.applied door_credential.refused"
    );
    CHECK(stage.got("/v1/door-credentials?state=expired", stage.auditor)["items"].size() == 1);
    CHECK(stage.got("/v1/door-credentials?limit=1", stage.auditor)["next"] != nullptr);
    CHECK(fetch(stage.port(), "GET", "/v1/door-credentials", {stage.guard}).status == 403);
    CHECK(fetch(stage.port(), "GET", "/v1/door-credentials", {stage.admin}).status == 403);
}

TEST_CASE(
    "a card whose time is over has expired, and what is no card is refused",
    "[api][doors][integration]"
) {
    PeopleStage stage;
    json body = PeopleStage::card("55556666");
    body["valid_to"] = "2026-11-18T13:00:00Z";
    const json applied = stage.made("/v1/door-credentials", body, stage.secretary);
    CHECK(stage.step(applied, "approve", stage.second).status == 200);
    stage.clock.move(std::chrono::hours{1});
    const std::string target = "/v1/door-credentials/" + applied["id"].get<std::string>();
    CHECK(stage.got(target, stage.secretary)["state"] == "expired");
    CHECK(DoorsStage::code_of(stage.step(applied, "suspend", stage.secretary)) == "CREDENTIAL_STATE");

    const auto refused = [&](const json& change) {
        json wrong = PeopleStage::card("77778888");
        wrong.update(change);
        return json::parse(stage.post("/v1/door-credentials", wrong, {stage.secretary}).body)
            .value("field", "");
    };
    CHECK(refused({{"card", ""}}) == "card");
    CHECK(refused({{"card", std::string(65, '1')}}) == "card");
    CHECK(refused({{"holder", ""}}) == "holder");
    CHECK(refused({{"category", "none"}}) == "category");
    CHECK(refused({{"valid_to", "2026-11-18T12:00:00Z"}}) == "valid_to");
    CHECK(refused({{"reason", ""}}) == "reason");
}

TEST_CASE("a roster is tried, imported and compared with the one before", "[api][doors][integration]") {
    PeopleStage stage;
    const std::string first =
        "編號,姓名,單位,類別,起始日期,結束日期\r\nA-1,王一,水利局,staff,115-01-01,\r\nA-2,李二,,cleaning,"
        "2026-01-01,2026-12-31\r\n";
    const std::string second =
        "編號,姓名,單位,類別,起始日期,結束日期\r\nA-2,李二,,staff,2026-01-01,2026-12-31\r\nA-3,張三,,staff,"
        "2026-01-01,\r\n";
    const Reply tried = stage.send_roster(first, "?dry_run=true");
    REQUIRE(tried.status == 200);
    CHECK(json::parse(tried.body)["added"] == json{"A-1", "A-2"});
    CHECK(fetch(stage.port(), "GET", "/v1/rosters/staff", {stage.secretary}).status == 404);
    CHECK(stage.send_roster(first).status == 201);
    CHECK(stage.send_roster(first).status == 200);
    stage.clock.move(std::chrono::seconds{1});
    const Reply imported = stage.send_roster(second);
    REQUIRE(imported.status == 201);
    const json report = json::parse(imported.body);
    CHECK(report["added"] == json{"A-3"});
    CHECK(report["removed"] == json{"A-1"});
    CHECK(report["changed"] == json{"A-2"});
    const json standing = stage.got("/v1/rosters/staff", stage.auditor);
    REQUIRE(standing["persons"].size() == 2);
    CHECK(
        standing["persons"][1] ==
        json{
            {"number", "A-3"},
            {"name", "張三"},
            {"unit", nullptr},
            {"category", "staff"},
            {"valid_from", "2026-01-01"},
            {"valid_to", nullptr}
        }
    );
    CHECK(stage.got("/v1/rosters", stage.auditor)["items"][0]["count"] == 2);
    stage.clock.move(std::chrono::seconds{1});
    CHECK(stage.send_roster(first).status == 201);
    // Names of the one before the last are forgotten, and the log has none.
    CHECK(stage.database.query("SELECT count(*) FROM roster_persons") == "4");
    CHECK(stage.database.query("SELECT count(*) FROM ledger_records WHERE record LIKE '%張三%'") == "0");
    CHECK(stage.records("roster.%") == "roster.imported roster.imported roster.imported");

    const Reply refused =
        stage.send_roster("編號,姓名,類別,起始日期\nB-1,王,none,2026-13-01\nB-1,王,staff,2026-01-01\n");
    REQUIRE(refused.status == 422);
    const json faults = json::parse(refused.body)["faults"];
    REQUIRE(faults.size() == 3);
    CHECK(faults[0]["line"] == 2);
    CHECK(faults[2]["line"] == 3);
    CHECK(refused.body.find("王") == std::string::npos);
    CHECK(fetch(stage.port(), "GET", "/v1/rosters/staff", {stage.guard}).status == 403);
}

TEST_CASE("visitors come in, leave, and are known to those who have to know", "[api][doors][integration]") {
    PeopleStage stage;
    const json visitor = stage.made(
        "/v1/visitors",
        {{"name", "訪客"},
         {"organisation", "廠商"},
         {"purpose", "維修"},
         {"voucher", "王秘書"},
         {"valid_to", "2026-11-18T16:00:00Z"}},
        stage.secretary
    );
    const std::string target = "/v1/visitors/" + visitor["id"].get<std::string>();
    const auto step = [&](const std::string& path) {
        return fetch(stage.port(), "POST", path, {stage.secretary});
    };
    CHECK(stage.got(target, stage.auditor) == visitor);
    CHECK(DoorsStage::code_of(step(target + "/leave")) == "PASS_NOT_INSIDE");
    CHECK(json::parse(step(target + "/enter").body)["in"] == "2026-11-18T12:06:40.000000Z");
    CHECK(DoorsStage::code_of(step(target + "/enter")) == "PASS_INSIDE");
    CHECK(stage.got("/v1/visitors?inside=true", stage.auditor)["items"].size() == 1);
    stage.clock.move(std::chrono::minutes{30});
    CHECK(json::parse(step(target + "/leave").body)["out"] == "2026-11-18T12:36:40.000000Z");
    CHECK(stage.got("/v1/visitors?inside=true", stage.auditor)["items"].empty());
    stage.clock.move(std::chrono::hours{4});
    CHECK(DoorsStage::code_of(step(target + "/enter")) == "PASS_NOT_VALID");
    CHECK(stage.records("visitor.%") == "visitor.registered visitor.entered visitor.left");
    CHECK(stage.database.query("SELECT count(*) FROM ledger_records WHERE record LIKE '%訪客%'") == "0");
    CHECK(fetch(stage.port(), "GET", target, {stage.guard}).status == 403);
}

TEST_CASE("a vehicle's permit is good until it is revoked", "[api][doors][integration]") {
    PeopleStage stage;
    const json wanted{
        {"plate", "ABC-1234"},
        {"holder", "廠商"},
        {"purpose", "送貨"},
        {"voucher", "王秘書"},
        {"valid_to", "2027-01-01T00:00:00Z"}
    };
    const std::vector<std::string> keyed{stage.secretary, "Idempotency-Key: car"};
    const Reply made = stage.post("/v1/vehicle-permits", wanted, keyed);
    REQUIRE(made.status == 201);
    CHECK(stage.post("/v1/vehicle-permits", wanted, keyed).status == 200);
    const std::string target = made.header("location");
    CHECK(stage.got(target, stage.auditor)["revoked"] == nullptr);
    CHECK(fetch(stage.port(), "POST", target + "/enter", {stage.secretary}).status == 200);
    CHECK(fetch(stage.port(), "POST", target + "/leave", {stage.secretary}).status == 200);
    const Reply revoked = stage.post(target + "/revoke", {{"reason", "合約終止"}}, {stage.secretary});
    REQUIRE(revoked.status == 200);
    CHECK(json::parse(revoked.body)["revoke_reason"] == "合約終止");
    CHECK(
        DoorsStage::code_of(fetch(stage.port(), "POST", target + "/enter", {stage.secretary})) ==
        "PASS_NOT_VALID"
    );
    CHECK(
        DoorsStage::code_of(stage.post(target + "/revoke", {{"reason", "x"}}, {stage.secretary})) ==
        "PASS_REVOKED"
    );
    CHECK(stage.got("/v1/vehicle-permits", stage.auditor)["items"][0]["plate"] == "ABC-1234");
}

}  // namespace
}  // namespace sluice::test
