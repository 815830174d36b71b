// What belongs to a case is made once for each Idempotency-Key.
#include "tests/integration/bureau.hpp"
#include "tests/integration/granted_viewer.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;

/// What the body says under `name`, of the first and of a repeated sending.
struct Twice {
    Reply first;
    Reply second;

    [[nodiscard]] std::string statuses() const {
        return std::to_string(first.status) + " " + std::to_string(second.status);
    }
};
Twice send_twice(Bureau& bureau, const std::string& target, const json& body) {
    const auto send = [&] { return bureau.send("王秘書", "POST", target, body, {"Idempotency-Key: a"}); };
    Twice twice{.first = send(), .second = {}};
    twice.second = send();
    INFO(twice.second.body);
    return twice;
}

TEST_CASE(
    "consents, inquiries and corrections that are sent again are the ones that are there",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_screening();
    REQUIRE(bureau.hand_in("consent.pdf", "consent") == "");
    const json consent{
        {"person", "甲"},
        {"recipient", "王小明"},
        {"from", "2026-11-18T11:00:00Z"},
        {"to", "2026-11-18T12:00:00Z"},
        {"cameras", {"drive-left"}},
        {"kinds", {"view"}},
        {"attachment", "consent.pdf"}
    };
    CHECK(send_twice(bureau, bureau.request + "/consents", consent).statuses() == "201 200");
    CHECK(bureau.database.query("SELECT count(*) FROM consents") == "1");
    const json inquiry{{"person", "乙"}, {"document", "南水秘字第 7 號"}};
    const Twice asked = send_twice(bureau, bureau.request + "/inquiries", inquiry);
    CHECK(asked.statuses() == "201 200");
    CHECK(json::parse(asked.second.body)["inquiries"].size() == 1);

    const json right{{"text", "申請人應為王曉明"}, {"reason", "誤繕"}};
    const Twice corrected = send_twice(bureau, "/v1/register/1/correct", right);
    CHECK(corrected.statuses() == "201 200");
    CHECK(json::parse(corrected.second.body) == json::parse(corrected.first.body));
    CHECK(bureau.database.query("SELECT count(*) FROM register_entries WHERE kind = 'corrected'") == "1");
    CHECK(
        bureau.database.query("SELECT count(*) FROM ledger_records WHERE action = 'register.corrected'") ==
        "1"
    );
    // The same key at another line, or case, is another thing; so is another key.
    CHECK(send_twice(bureau, "/v1/register/2/correct", right).statuses() == "201 200");
    const auto status_with = [&](const std::string& header) {
        return bureau.send("王秘書", "POST", "/v1/register/1/correct", right, {header}).status;
    };
    CHECK(status_with("Idempotency-Key: b") == 201);
    CHECK(status_with("Idempotency-Key: " + std::string(201, 'k')) == 400);
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_screening();
    REQUIRE(bureau.hand_in("consent.pdf", "consent") == "");
    CHECK(send_twice(bureau, bureau.request + "/consents", consent).statuses() == "201 200");
    CHECK(send_twice(bureau, bureau.request + "/inquiries", inquiry).statuses() == "201 200");
}

TEST_CASE("sessions and copies likewise", "[api][granted][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 20};
    static_cast<void>(run.record(125));
    StageRun later{stage, plain(), 100};
    static_cast<void>(later.record(25));
    stage.start();
    GrantedViewer viewer{stage};
    viewer.grant("copy", 20, 24);
    const auto post = [&](const char* who, const std::string& target) {
        return viewer.ask(who, "POST", target, {"Idempotency-Key: a", "Content-Type: application/json"});
    };
    const std::string sessions = viewer.request + "/sessions";
    const Reply opened = post(GrantedViewer::kEscort, sessions);
    INFO(opened.body);
    REQUIRE(opened.status == 201);
    const Reply again = post(GrantedViewer::kEscort, sessions);
    CHECK(again.status == 200);
    CHECK(again.header("location") == opened.header("location"));
    CHECK(stage.database.query("SELECT count(*) FROM viewing_sessions") == "1");
    viewer.session = opened.header("location");
    viewer.post(GrantedViewer::kViewer, viewer.session + "/join");
    viewer.step(GrantedViewer::kEscort, "start");
    const auto order = [&] {
        return fetch(
            stage.port(),
            "POST",
            viewer.request + "/copies",
            {viewer.token_of(GrantedViewer::kHandler), "Idempotency-Key: a", "Content-Type: application/json"
            },
            "{}"
        );
    };
    const Reply ordered = order();
    INFO(ordered.body);
    REQUIRE(ordered.status == 202);
    const Reply repeated = order();
    CHECK(repeated.status == 200);
    CHECK(json::parse(repeated.body)["id"] == json::parse(ordered.body)["id"]);
    CHECK(stage.database.query("SELECT count(*) FROM jobs WHERE kind = 'export'") == "1");
}

}  // namespace
}  // namespace sluice::test
