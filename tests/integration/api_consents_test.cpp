// Article 10(3): what a withdrawn consent stops, wherever its case has got to.
#include "tests/integration/bureau.hpp"
#include "tests/integration/hls_client.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// A case that shows 甲 from 11:07:00 to 11:07:03, who has consented.
struct ConsentedCase : Bureau {
    ConsentedCase() {
        draft("王秘書", external());
        bring_to_screening();
        REQUIRE(hand_in("consent.pdf", "consent") == "");
        consent = record_consent();
        bring_on_to_decision(json::array({{
            {"ground", "third_party"},
            {"answer", "yes"},
            {"evidence", "畫面有路人"},
            {"places",
             {{{"camera", "drive-left"},
               {"from", "2026-11-18T11:07:00Z"},
               {"to", "2026-11-18T11:07:03Z"},
               {"person", "甲"}}}},
        }}));
    }
    std::string record_consent() {
        last = send(
            "王秘書",
            "POST",
            request + "/consents",
            {{"person", "甲"},
             {"recipient", "王小明"},
             {"from", "2026-11-18T11:00:00Z"},
             {"to", "2026-11-18T12:00:00Z"},
             {"cameras", {"drive-left"}},
             {"kinds", {"view"}},
             {"attachment", "consent.pdf"}}
        );
        INFO(last.body);
        REQUIRE(last.status == 201);
        return body()["consents"].back()["id"];
    }
    /// The state that the case has then, or the code of the refusal.
    std::string withdraw(const std::string& id) {
        last = send("王秘書", "POST", request + "/consents/" + id + "/withdraw", {{"reason", "反悔"}});
        return body().value("code", body().value("state", "?"));
    }
    void bring_to(const std::string& state) {
        const json parts{
            {{"camera", "drive-left"}, {"from", "2026-11-18T11:07:00Z"}, {"to", "2026-11-18T11:07:04Z"}}
        };
        if (state == "granted_partial")
            REQUIRE(step("局長", "grant_part", {{"reasons", "部分"}, {"parts", parts}}) == state);
        else
            REQUIRE(step("局長", "grant", {{"reasons", "合於規定"}}) == "granted");
        if (state.starts_with("granted")) return;
        const UtcTime now = clock.now();
        REQUIRE(
            step(
                "王秘書",
                "schedule",
                {{"from", to_rfc3339(now)}, {"to", to_rfc3339(now + 1h)}, {"escort", "張陪同"}}
            ) == "scheduled"
        );
        if (state == "scheduled") return;
        begin(body()["viewer_code"]);
        if (state == "in_session") return;
        REQUIRE(send("張陪同", "POST", session + "/end", json::object()).status == 200);
        REQUIRE(hand_in("signed.pdf", "signature") == "");
        REQUIRE(step("張陪同", "complete", {{"attested", true}}) == "completed");
    }
    void begin(const std::string& code) {
        const Reply opened = send("張陪同", "POST", request + "/sessions", json::object());
        INFO(opened.body);
        REQUIRE(opened.status == 201);
        session = opened.header("location");
        const Reply joined = fetch(
            port(), "POST", session + "/join", {"Content-Type: application/json"}, json{{"code", code}}.dump()
        );
        REQUIRE(joined.status == 200);
        viewer = "Authorization: Bearer " + json::parse(joined.body)["token"].get<std::string>();
        REQUIRE(step("張陪同", "start") == "in_session");
    }
    [[nodiscard]] Reply play(const std::string& name) const {
        return fetch(port(), "GET", session + "/cameras/drive-left/" + name, {viewer});
    }

    std::string consent;
    std::string session;
    std::string viewer;
};

TEST_CASE(
    "a withdrawn consent ends the grant that rests on it and re-opens screening, in every state "
    "(article 10(3))",
    "[api][request][article10][integration]"
) {
    const std::string state = GENERATE("granted", "granted_partial", "scheduled", "in_session");
    CAPTURE(state);
    ConsentedCase house;
    house.bring_to(state);
    std::string piece;
    if (state == "in_session") {
        const Reply playlist = house.play("stream.m3u8");
        REQUIRE(playlist.status == 200);
        piece = segments_of(playlist.body).at(0);
        REQUIRE(house.play(piece).status == 200);
    }
    CHECK(house.withdraw(house.consent) == "screening");
    const json history = house.body()["history"];
    CHECK(history.back()["action"] == "reopen");
    CHECK(history.back()["from"] == state);
    CHECK(house.body()["grant"].is_null());
    CHECK(house.database.query("SELECT count(*) FROM grants WHERE revoked_at IS NULL") == "0");
    CHECK(
        house.database.query("SELECT string_agg(audience, ' ') FROM notices WHERE kind = 'consent_withdrawn'"
        ) == "secretariat"
    );
    CHECK(
        house.database.query(
            "SELECT string_agg(action, ' ' ORDER BY action) FROM ledger_records WHERE action IN "
            "('consent.withdrawn', 'request.reopened')"
        ) == "consent.withdrawn request.reopened"
    );
    if (state == "in_session") {
        CHECK(house.play(piece).status == 403);
        CHECK(house.play("stream.m3u8").status == 403);
        CHECK(house.database.query("SELECT count(*) FROM deliveries") == "1");
    }
    // Said once, and decided anew only with what is left.
    CHECK(house.withdraw(house.consent) == "CONSENT_WITHDRAWN");
    CHECK(house.step("張陪同", "start") == "REQUEST_STATE");
    REQUIRE(house.step("王秘書", "refer") == "countersigning");
    REQUIRE(house.step("政風", "opine", {{"stance", "agree"}}) == "deciding");
    for (const char* signer : {"王秘書", "林主任", "政風"})
        REQUIRE(house.step(signer, "sign") == "deciding");
    CHECK(house.step("局長", "grant", {{"reasons", "x"}}) == "ART10_3_THIRD_PARTY_PRIVACY");
}

TEST_CASE(
    "a consent on which nothing rests any more is withdrawn without touching the case",
    "[api][request][article10][integration]"
) {
    ConsentedCase house;
    house.clock.move(1s);  // they are told in the order of their times
    const std::string second = house.record_consent();
    house.bring_to("scheduled");
    CHECK(house.withdraw(second) == "scheduled");
    CHECK(house.database.query("SELECT count(*) FROM grants WHERE revoked_at IS NULL") == "1");
    CHECK(house.database.query("SELECT count(*) FROM notices WHERE kind = 'consent_withdrawn'") == "0");
    CHECK(house.withdraw(house.consent) == "screening");
}

TEST_CASE(
    "of a completed case nothing more is handed out once its consent is withdrawn",
    "[api][request][article10][integration]"
) {
    ConsentedCase house;
    house.bring_to("completed");
    REQUIRE(house.database.query("SELECT count(*) FROM grants WHERE revoked_at IS NULL") == "1");
    CHECK(house.withdraw(house.consent) == "completed");
    CHECK(house.database.query("SELECT count(*) FROM grants WHERE revoked_at IS NULL") == "0");
}

}  // namespace
}  // namespace sluice::test
