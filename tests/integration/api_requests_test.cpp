#include "tests/integration/api_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

/// A house with footage of 11:07:00 to 11:07:05, and the people who handle requests.
struct Bureau : ApiStage {
    Bureau() {
        StageRun run{*this, plain(), 20};
        static_cast<void>(run.record(125));
        start();
        catalogue::Pool owner{database.conninfo("sluice_super"), 1};
        for (const auto& [name, roles] : std::map<std::string, std::vector<std::string>>{
                 {"王秘書", {"secretariat"}},
                 {"林主任", {"secretariat", "unit_head"}},
                 {"張陪同", {"secretariat"}},
                 {"政風", {"ethics"}},
                 {"局長", {"director"}},
                 {"稽核", {"auditor"}},
                 {"小陳", {"applicant"}},
                 {"小李", {"applicant"}}
             }) {
            const std::string token = make_token();
            const auto made =
                catalogue::create_person_token(owner, name, roles, token_hash(token), kStageStart);
            if (!made || !*made) FAIL("no token for " + name);
            tokens[name] = "Authorization: Bearer " + token;
        }
    }
    [[nodiscard]] Reply send(
        const std::string& who,
        const std::string& method,
        const std::string& target,
        const json& body,
        std::vector<std::string> headers = {}
    ) {
        headers.push_back(tokens.at(who));
        return fetch(port(), method, target, headers, body.dump());
    }
    [[nodiscard]] Reply read(const std::string& who, const std::string& target) {
        return fetch(port(), "GET", target, {tokens.at(who)});
    }
    /// A step of the case; its answer's state, or the code of its refusal.
    std::string step(const std::string& who, const std::string& action, const json& body = json::object()) {
        last = send(who, "POST", request + "/" + action, body);
        const json answer = json::parse(last.body);
        return answer.value("code", answer.value("state", "?"));
    }
    std::string hand_in(const std::string& name, const std::string& kind) {
        last = fetch(
            port(),
            "PUT",
            request + "/attachments/" + name + "?kind=" + kind,
            {tokens.at("王秘書"), "Content-Type: application/pdf"},
            "%PDF-1.7 " + name
        );
        return last.status == 201 ? "" : last.body;
    }
    [[nodiscard]] static json external(const std::string& kind = "view") {
        return {
            {"channel", "external"},
            {"kind", kind},
            {"applicant", "王小明"},
            {"unit", "民眾"},
            {"phone", "06-1234567"},
            {"reason", "車輛遭擦撞"},
            {"legal_interest", "車主"},
            {"cameras", {"drive-left"}},
            {"from", "2026-11-18T11:07:00Z"},
            {"to", "2026-11-18T11:08:00Z"},
            {"undertaking", true},
        };
    }
    void draft(const std::string& who, const json& form) {
        last = send(who, "POST", "/v1/requests", form);
        INFO(last.body);
        REQUIRE(last.status == 201);
        request = last.header("location");
    }
    /// All grounds `no`, but for what is given.
    std::string answer_grounds(json other = json::array()) {
        for (const char* ground :
             {"statutory_secret", "investigation", "fair_trial", "life_safety", "third_party"}) {
            const auto is_it = [&](const json& one) { return one["ground"] == ground; };
            if (std::none_of(other.begin(), other.end(), is_it))
                other.push_back({{"ground", ground}, {"answer", "no"}});
        }
        last = send("王秘書", "PUT", request + "/screening", {{"grounds", other}});
        return last.status == 200 ? "" : last.body;
    }
    /// From a draft to the state before the decision.
    void bring_to_decision(const json& grounds = json::array()) {
        REQUIRE(hand_in("form.pdf", "undertaking") == "");
        REQUIRE(hand_in("report.pdf", "police_report_certificate") == "");
        REQUIRE(step("王秘書", "submit") == "submitted");
        REQUIRE(step("王秘書", "accept") == "accepted");
        REQUIRE(step("王秘書", "screen") == "screening");
        REQUIRE(answer_grounds(grounds) == "");
        REQUIRE(step("王秘書", "refer") == "countersigning");
        REQUIRE(step("政風", "opine", {{"stance", "agree"}}) == "deciding");
        REQUIRE(step("王秘書", "sign") == "deciding");
        REQUIRE(step("林主任", "sign") == "deciding");
        REQUIRE(step("政風", "sign") == "deciding");
    }
    [[nodiscard]] std::string holds() const {
        return database.query(
            "SELECT coalesce(string_agg(kind || CASE WHEN released_at IS NULL THEN '' ELSE '-' END, ' ' "
            "ORDER BY placed_at, id), '') "
            "FROM holds"
        );
    }

    std::map<std::string, std::string> tokens;
    std::string request;
    Reply last;
};

TEST_CASE("a request from outside goes from draft to grant over HTTP", "[api][request][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    CHECK(bureau.step("王秘書", "submit") == "ART9_2C_NO_FORM");
    CHECK(bureau.hand_in("form.pdf", "undertaking") == "");
    CHECK(bureau.step("小陳", "submit") == "REQUEST_NOT_FOUND");
    CHECK(bureau.step("王秘書", "submit") == "submitted");
    CHECK(bureau.holds() == "request");
    CHECK(bureau.step("王秘書", "screen") == "ART8_NO_DOSSIER");
    CHECK(bureau.step("王秘書", "accept") == "ART9_2B_NO_POLICE_REPORT");
    CHECK(bureau.hand_in("報案.pdf", "police_report_form") == "");
    CHECK(bureau.step("王秘書", "accept") == "accepted");
    CHECK(json::parse(bureau.last.body)["dossier"] == "115/000001");
    CHECK(
        bureau.step(
            "王秘書", "schedule", {{"from", "2026-11-19T01:00:00Z"}, {"to", "2026-11-19T02:00:00Z"}}
        ) == "ART9_2D_NO_BUREAU_CONSENT"
    );
    CHECK(bureau.step("王秘書", "screen") == "screening");
    CHECK(bureau.step("王秘書", "refer") == "GROUND_UNKNOWN");
    CHECK(bureau.answer_grounds() == "");
    CHECK(bureau.step("王秘書", "answer_not_held") == "FOOTAGE_HELD");
    CHECK(bureau.step("王秘書", "refer") == "countersigning");
    CHECK(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "FORM_ETHICS_COUNTERSIGN");
    CHECK(bureau.step("政風", "opine", {{"stance", "object"}}) == "OPINION_NO_GROUND");
    CHECK(bureau.step("政風", "opine", {{"stance", "agree"}}) == "deciding");
    CHECK(bureau.step("林主任", "sign") == "FORM_CHAIN_INCOMPLETE");
    CHECK(bureau.step("王秘書", "sign") == "deciding");
    CHECK(bureau.step("王秘書", "sign") == "SOD_SELF_APPROVAL");
    CHECK(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "FORM_CHAIN_INCOMPLETE");
    CHECK(bureau.step("林主任", "sign") == "deciding");
    CHECK(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "FORM_ETHICS_COUNTERSIGN");
    CHECK(bureau.step("政風", "sign") == "deciding");
    CHECK(bureau.step("王秘書", "grant", {{"reasons", "x"}}) == "ROLE_NOT_ALLOWED");
    CHECK(bureau.step("局長", "grant") == "DECISION_NO_REASONS");
    CHECK(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "granted");
    const json granted = json::parse(bureau.last.body);
    INFO(bureau.last.body);
    REQUIRE(granted["grant"]["items"].size() == 1);
    CHECK(granted["grant"]["items"][0]["from"] >= "2026-11-18T11:07:00");
    CHECK(granted["grant"]["items"][0]["to"] <= "2026-11-18T11:08:00");
    CHECK(bureau.holds() == "request- case");
    CHECK(granted["history"].size() == 11);

    const json slot{{"from", "2026-11-19T01:00:00Z"}, {"to", "2026-11-19T02:00:00Z"}};
    CHECK(bureau.step("王秘書", "schedule", slot) == "ART9_4A_NO_ESCORT");
    json with_escort = slot;
    with_escort["escort"] = "張陪同";
    CHECK(bureau.step("王秘書", "schedule", with_escort) == "scheduled");
    CHECK(json::parse(bureau.last.body)["viewer_code"].get<std::string>().size() == 8);
    CHECK(bureau.step("張陪同", "start") == "ART9_4A_NO_ESCORT");
    CHECK(
        bureau.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                              "action LIKE 'request.%'") ==
        "request.drafted request.submitted request.accepted request.screened request.grounds_answered "
        "request.referred request.opined request.signed request.signed request.signed request.granted "
        "request.scheduled"
    );
    CHECK(bureau.database.query("SELECT string_agg(kind, ' ') FROM register_entries") == "opened");
}

}  // namespace
}  // namespace sluice::test
