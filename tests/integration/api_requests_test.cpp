#include "tests/integration/bureau.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace sluice::test {
namespace {

using nlohmann::json;

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
    CHECK(bureau.holds() == "case request-");
    CHECK(granted["history"].size() == 10);

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

TEST_CASE(
    "a unit's own request goes through its chain, is granted, scheduled and withdrawn from nobody else",
    "[api][request][integration]"
) {
    Bureau bureau;
    json form = Bureau::external();
    form["channel"] = "internal";
    form["purpose"] = "other";
    form["applicant"] = "小李";
    form["unit"] = "養護科";
    // Name and unit are the account's: nobody chooses whose head signs.
    bureau.draft("小陳", form);
    CHECK(bureau.body()["applicant"] == "小陳");
    CHECK(bureau.body()["unit"] == "工程科");
    CHECK(bureau.step("小陳", "submit") == "ART9_1A_NOT_PERSONAL_RIGHTS");
    bureau.last =
        bureau.send("小陳", "PATCH", bureau.request, {{"purpose", "personal_rights"}, {"unit", "養護科"}});
    CHECK(bureau.last.status == 200);
    CHECK(bureau.body()["unit"] == "工程科");
    CHECK(bureau.read("小李", bureau.request).status == 404);
    CHECK(bureau.read("科長", bureau.request).status == 200);
    CHECK(bureau.step("小陳", "submit") == "submitted");
    CHECK(bureau.step("王秘書", "accept") == "ART9_1D_NO_LEVEL1_APPROVAL");
    CHECK(bureau.step("科長", "sign") == "FORM_CHAIN_INCOMPLETE");
    CHECK(bureau.step("小陳", "sign") == "submitted");
    CHECK(bureau.step("小陳", "sign") == "SOD_SELF_APPROVAL");
    CHECK(bureau.step("科長", "sign") == "submitted");
    CHECK(bureau.step("一層", "sign") == "submitted");
    CHECK(bureau.step("王秘書", "accept") == "accepted");
    CHECK(bureau.step("王秘書", "screen") == "screening");
    CHECK(bureau.answer_grounds() == "");
    static_cast<void>(bureau.create("養護科長", {"unit_head"}, "養護科"));
    static_cast<void>(bureau.create("前養護科長", {"applicant"}, "養護科"));
    CHECK(bureau.step("王秘書", "refer", {{"units", {"養護科", "無人科"}}}) == "countersigning");
    // Each office that has to opine is told; of one that has no head whoever asked it.
    CHECK(
        bureau.database.query(
            "SELECT string_agg(concat_ws(':', n.audience, p.name), ' ' ORDER BY n.audience) FROM notices n "
            "LEFT JOIN principals p ON p.id = n.addressee_id WHERE n.kind = 'countersign_wanted'"
        ) == "ethics secretariat unit_head:養護科長"
    );
    CHECK(bureau.step("政風", "opine", {{"stance", "agree"}}) == "countersigning");
    CHECK(bureau.step("科長", "opine", {{"stance", "agree"}}) == "ROLE_NOT_ALLOWED");
    CHECK(bureau.step("小陳", "withdraw") == "withdrawn");
    CHECK(
        bureau.database.query("SELECT string_agg(kind, ' ' ORDER BY line) FROM register_entries") ==
        "opened withdrawn"
    );
    CHECK(bureau.database.query("SELECT (expires_at - placed_at)::text FROM holds") == "7 days");
    CHECK(bureau.step("林主任", "close") == "closed");
}

TEST_CASE("registers and dossiers are read by those who keep them", "[api][request][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_decision(json::array({Bureau::yes_to("third_party")}));
    REQUIRE(
        bureau.step(
            "局長", "refuse", {{"reasons", "涉及第三人"}, {"grounds", {"ART10_3_THIRD_PARTY_PRIVACY"}}}
        ) == "refused"
    );
    const std::string period = "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
    const Reply entries = bureau.read("稽核", "/v1/register" + period);
    INFO(entries.body);
    REQUIRE(entries.status == 200);
    CHECK(json::parse(entries.body)["items"].size() == 2);
    const Reply csv = bureau.read("稽核", "/v1/register" + period + "&format=csv");
    REQUIRE(csv.status == 200);
    CHECK_THAT(csv.body, Catch::StartsWith("\xEF\xBB\xBF\"編號\",\"專卷號\",\"收件日\""));
    CHECK_THAT(
        csv.body,
        Catch::Contains("\"115/000001\"") && Catch::Contains("不予核准(ART10_3_THIRD_PARTY_PRIVACY)")
    );
    const Reply page = bureau.read("稽核", "/v1/register" + period + "&format=html");
    REQUIRE(page.status == 200);
    CHECK_THAT(page.body, Catch::Contains("專卷號") && Catch::Contains("115/000001"));
    const Reply printed = bureau.read("稽核", "/v1/register" + period + "&format=pdf");
    REQUIRE(printed.status == 200);
    CHECK(printed.header("content-type") == "application/pdf");
    CHECK_THAT(printed.body, Catch::StartsWith("%PDF-"));
    CHECK(bureau.read("稽核", "/v1/register" + period + "&format=xml").status == 400);
    CHECK(bureau.read("小陳", "/v1/register" + period).status == 403);
    const Reply dossier = bureau.read("局長", "/v1/dossiers/115-000001");
    REQUIRE(dossier.status == 200);
    CHECK(json::parse(dossier.body)["request"]["state"] == "refused");
    CHECK(json::parse(dossier.body)["register"].size() == 2);
    CHECK(bureau.read("局長", "/v1/dossiers/115-000002").status == 404);
    const Reply listed = bureau.read("王秘書", "/v1/requests?state=refused");
    CHECK(json::parse(listed.body)["items"].size() == 1);
    CHECK(json::parse(bureau.read("小李", "/v1/requests").body)["items"].empty());
}

TEST_CASE(
    "third persons' privacy is cured by consent, and only for what it covers",
    "[api][request][integration]"
) {
    Bureau bureau;
    json form = Bureau::external("copy");
    form["necessity"] = "提告";
    bureau.draft("王秘書", form);
    const json affected{
        {"ground", "third_party"},
        {"answer", "yes"},
        {"evidence", "畫面有路人"},
        {"places",
         {{{"camera", "drive-left"},
           {"from", "2026-11-18T11:07:00Z"},
           {"to", "2026-11-18T11:07:03Z"},
           {"person", "甲"}},
          {{"camera", "drive-left"},
           {"from", "2026-11-18T11:07:04Z"},
           {"to", "2026-11-18T11:07:05Z"},
           {"person", "乙"}}}}
    };
    bureau.bring_to_decision(json::array({affected}));
    CHECK(bureau.step("局長", "grant", {{"reasons", "x"}}) == "ART10_3_THIRD_PARTY_PRIVACY");
    const json parts{
        {{"camera", "drive-left"}, {"from", "2026-11-18T11:07:00Z"}, {"to", "2026-11-18T11:07:04Z"}}
    };
    const json decision{{"reasons", "部分提供"}, {"parts", parts}};
    CHECK(bureau.step("局長", "grant_part", decision) == "ART10_3_THIRD_PARTY_PRIVACY");
    REQUIRE(bureau.hand_in("consent.pdf", "consent") == "");
    const json consent{
        {"person", "甲"},
        {"recipient", "王小明"},
        {"from", "2026-11-18T11:00:00Z"},
        {"to", "2026-11-18T12:00:00Z"},
        {"cameras", {"drive-left"}},
        {"kinds", {"view", "copy"}},
        {"attachment", "consent.pdf"}
    };
    bureau.last = bureau.send("王秘書", "POST", bureau.request + "/consents", consent);
    INFO(bureau.last.body);
    REQUIRE(bureau.last.status == 201);
    const std::string id = json::parse(bureau.last.body)["consents"][0]["id"];
    CHECK(bureau.step("局長", "grant_part", decision) == "granted_partial");
    CHECK(bureau.step("王秘書", "reopen") == "CONSENT_IN_FORCE");
    CHECK(
        bureau.send("王秘書", "POST", bureau.request + "/consents/" + id + "/withdraw", {{"reason", "反悔"}})
            .status == 200
    );
    CHECK(json::parse(bureau.read("王秘書", bureau.request).body)["state"] == "screening");
    CHECK(bureau.database.query("SELECT count(*)::text FROM grants WHERE revoked_at IS NULL") == "0");
}

TEST_CASE(
    "papers are sniffed, named decently, kept sealed and given back as they were",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    const auto put =
        [&](const std::string& name, const std::string& body, const std::string& type = "application/pdf") {
            return fetch(
                       bureau.port(),
                       "PUT",
                       bureau.request + "/attachments/" + name + "?kind=consent",
                       {bureau.tokens.at("王秘書"), "Content-Type: " + type},
                       body
            )
                .status;
        };
    CHECK(put("a.pdf", "<html>") == 415);
    CHECK(put("a.pdf", "%PDF-1.7", "image/png") == 415);
    CHECK(put("..", "%PDF-1.7") == 422);
    CHECK(put("..%2F..%2Fetc%2Fpasswd", "%PDF-1.7") == 422);
    CHECK(put("%E2%80%AEfdp.exe", "%PDF-1.7") == 422);
    CHECK(put("a%0Ab", "%PDF-1.7") == 400);
    const std::string large = "%PDF-1.7 " + std::string(3'000'000, 'x');
    CHECK(put("large.pdf", large) == 201);
    const Reply back = bureau.read("稽核", bureau.request + "/attachments/large.pdf");
    CHECK(back.status == 200);
    CHECK(back.body == large);
    CHECK(back.header("content-type") == "application/pdf");
    CHECK(bureau.read("小李", bureau.request + "/attachments/large.pdf").status == 404);
    for (const auto& file : std::filesystem::recursive_directory_iterator(bureau.data.path() / "spool")) {
        if (!file.is_regular_file()) continue;
        CHECK(
            (file.status().permissions() &
             (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
            std::filesystem::perms::none
        );
        std::ifstream stream{file.path(), std::ios::binary};
        const std::string content{std::istreambuf_iterator<char>{stream}, {}};
        CHECK(content.find("%PDF") == std::string::npos);
    }
    // Elsewhere a long body is as unwelcome as before.
    const Reply long_form =
        bureau.send("王秘書", "POST", "/v1/requests", {{"reason", std::string(100'000, 'x')}});
    CHECK(long_form.status == 413);
}

TEST_CASE(
    "a paper stays while it is not known whether its row was committed, and goes when it surely was not",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    const auto papers = [&] {
        const auto folder =
            std::filesystem::recursive_directory_iterator(bureau.data.path() / "spool" / "uploads");
        return std::ranges::count_if(folder, [](const auto& entry) { return entry.is_regular_file(); });
    };
    bureau.database.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF NEW.name = "
        "'lost.pdf' "
        "THEN PERFORM pg_terminate_backend(pg_backend_pid()); ELSIF NEW.name = 'refused.pdf' THEN RAISE "
        "integrity_constraint_violation; END IF; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER lose AFTER "
        "INSERT "
        "ON request_evidence DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lose()"
    );
    CHECK(bureau.hand_in("refused.pdf", "consent") != "");
    const auto before = papers();
    CHECK(bureau.hand_in("lost.pdf", "consent") != "");
    CHECK(bureau.last.status == 503);
    CHECK(papers() == before + 1);
    CHECK(bureau.hand_in("kept.pdf", "consent") == "");
    CHECK(papers() == before + 2);
}

TEST_CASE("a case that is none is judged by the same rules", "[api][request][integration]") {
    Bureau bureau;
    json hypothetical = Bureau::external();
    hypothetical.update({{"state", "submitted"}, {"action", "accept"}, {"part", "handler"}});
    const auto verdict = [&] {
        return json::parse(bureau.send("一層", "POST", "/v1/policy/evaluate", hypothetical).body);
    };
    CHECK(verdict()["code"] == "ART9_2B_NO_POLICE_REPORT");
    CHECK(verdict()["status"] == 422);
    hypothetical["evidence"] = {"police_report_form"};
    CHECK(verdict()["next"] == "accepted");
    hypothetical.update({{"state", "deciding"}, {"action", "grant"}, {"part", "director"}, {"reasons", "x"}});
    CHECK(verdict()["code"] == "FORM_CHAIN_INCOMPLETE");
    CHECK(verdict()["open_seats"]["b"] == json{"handler", "secretariat_head", "ethics"});
    hypothetical["signed_b"] = {"handler", "secretariat_head", "ethics"};
    CHECK(verdict()["code"] == "GROUND_UNKNOWN");
    CHECK(bureau.send("小陳", "POST", "/v1/policy/evaluate", hypothetical).status == 403);
    CHECK(bureau.database.query("SELECT count(*)::text FROM requests") == "0");
}

TEST_CASE("refusals speak the client's language", "[api][request][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    const Reply reply =
        bureau.send("王秘書", "POST", bureau.request + "/submit", json::object(), {"Accept-Language: zh-TW"});
    const json body = json::parse(reply.body);
    CHECK(reply.status == 422);
    CHECK(body["title"] == "未附簽章之申請表");
    CHECK(body["article"] == "9(2)");
    CHECK(body["curable"] == true);
    CHECK(reply.header("content-language") == "zh-Hant");
}

}  // namespace
}  // namespace sluice::test
