#include "config/base/files.hpp"
#include "tests/integration/api_stage.hpp"
#include "tests/support/process.hpp"

#include <map>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// A request from outside, and those who decide it.
struct Desk : ApiStage {
    Desk() {
        start();
        const std::map<std::string, std::string> people{
            {"王秘書", "secretariat"}, {"政風", "ethics"}, {"局長", "director"}, {"小李", "applicant"}
        };
        for (const auto& [name, role] : people)
            tokens[name] = authorization_of(name, role);
        const std::string token = make_token();
        catalogue::Pool owner{database.conninfo("sluice_super"), 1};
        const auto head = catalogue::create_person_token(
            owner, "林主任", {"secretariat", "unit_head"}, token_hash(token), kStageStart
        );
        if (!head || !*head) FAIL("no head of the secretariat");
        tokens["林主任"] = "Authorization: Bearer " + token;
        const Reply made = send(
            "王秘書",
            "POST",
            "/v1/requests",
            {{"channel", "external"},
             {"kind", "view"},
             {"applicant", "王小明"},
             {"unit", "民眾"},
             {"phone", "06-1234567"},
             {"reason", "車輛<遭擦撞>"},
             {"legal_interest", "車主"},
             {"cameras", {"drive-left"}},
             {"from", "2026-11-18T11:07:00Z"},
             {"to", "2026-11-18T11:08:00Z"},
             {"undertaking", true}}
        );
        INFO(made.body);
        REQUIRE(made.status == 201);
        request = made.header("location");
    }
    [[nodiscard]] Reply
    send(const std::string& who, const std::string& method, const std::string& target, const json& body) {
        return fetch(port(), method, target, {tokens.at(who)}, body.dump());
    }
    [[nodiscard]] Reply read(const std::string& who, const std::string& target) {
        return fetch(port(), "GET", target, {tokens.at(who)});
    }
    void step(const std::string& who, const std::string& action, const json& body = json::object()) {
        const Reply done = send(who, "POST", request + "/" + action, body);
        INFO(action << ": " << done.body);
        REQUIRE(done.status == 200);
    }
    void hand_in(const std::string& name, const std::string& kind) {
        const Reply done = fetch(
            port(),
            "PUT",
            request + "/attachments/" + name + "?kind=" + kind,
            {tokens.at("王秘書"), "Content-Type: application/pdf"},
            "%PDF-1.7 " + name
        );
        INFO(done.body);
        REQUIRE(done.status == 201);
    }
    void refuse() {
        hand_in("form.pdf", "undertaking");
        hand_in("report.pdf", "police_report_certificate");
        step("王秘書", "submit");
        step("王秘書", "accept");
        step("王秘書", "screen");
        json grounds = json::array();
        for (const char* ground : {"statutory_secret", "investigation", "fair_trial", "life_safety"})
            grounds.push_back({{"ground", ground}, {"answer", "no"}});
        grounds.push_back({{"ground", "third_party"}, {"answer", "yes"}, {"evidence", "畫面中有行人"}});
        const Reply answered = send("王秘書", "PUT", request + "/screening", {{"grounds", grounds}});
        INFO(answered.body);
        REQUIRE(answered.status == 200);
        step("王秘書", "refer");
        step("政風", "opine", {{"stance", "agree"}});
        for (const char* who : {"王秘書", "林主任", "政風"})
            step(who, "sign");
        step("局長", "refuse", {{"reasons", "行人未同意"}, {"grounds", {"ART10_3_THIRD_PARTY_PRIVACY"}}});
    }

    std::map<std::string, std::string> tokens;
    std::string request;
};

TEST_CASE(
    "a request's form is read as a page before it is decided, the decision only after",
    "[api][print][integration]"
) {
    Desk desk;
    const Reply form = desk.read("王秘書", desk.request + "/form.html");
    REQUIRE(form.status == 200);
    CHECK(form.header("content-type") == "text/html; charset=utf-8");
    CHECK(form.header("cache-control") == "no-store");
    CHECK(form.header("content-security-policy").find("style-src 'sha256-") != std::string::npos);
    CHECK(form.body.find("車輛&lt;遭擦撞&gt;") != std::string::npos);
    CHECK(form.body.find("自 115年11月18日19時7分 起至 115年11月18日19時8分 止") != std::string::npos);
    const Reply pdf = desk.read("王秘書", desk.request + "/form.pdf");
    CHECK(pdf.header("content-type") == "application/pdf");
    CHECK(pdf.body.starts_with("%PDF-"));
    const Reply early = desk.read("王秘書", desk.request + "/decision.pdf");
    CHECK(early.status == 409);
    CHECK(json::parse(early.body)["code"] == "NOT_DECIDED");
    CHECK(desk.read("小李", desk.request + "/form.pdf").status == 404);  // somebody else's

    desk.refuse();
    const Reply decision = desk.read("局長", desk.request + "/decision.html");
    REQUIRE(decision.status == 200);
    CHECK(decision.body.find("所請不予核准") != std::string::npos);
    CHECK(decision.body.find("第三人之隱私") != std::string::npos);
    CHECK(decision.body.find("行人未同意") != std::string::npos);
    CHECK(decision.body.find("次日起30日內") != std::string::npos);
    CHECK(decision.body.find("局長") != std::string::npos);
    CHECK(desk.read("局長", desk.request + "/decision.pdf").body.starts_with("%PDF-"));
    const Reply letter = desk.read("王秘書", desk.request + "/letter.html");
    CHECK(letter.body.find("歉難同意") != std::string::npos);
    CHECK(desk.read("王秘書", desk.request + "/letter.pdf").body.starts_with("%PDF-"));
}

TEST_CASE(
    "what is answered after a refusal that was remanded is what the pages say, not the refusal",
    "[api][print][integration]"
) {
    Desk desk;  // nothing was ever recorded
    desk.refuse();
    desk.clock.move(1min);
    desk.hand_in("appeal.pdf", "appeal");
    desk.step("王秘書", "appeal");
    desk.clock.move(1min);
    desk.hand_in("outcome.pdf", "outcome");
    desk.step("局長", "remand");
    desk.step("王秘書", "answer_not_held");
    const Reply decision = desk.read("局長", desk.request + "/decision.html");
    REQUIRE(decision.status == 200);
    CHECK_THAT(decision.body, Catch::Contains("並無所請之影像") && !Catch::Contains("所請不予核准"));
    const Reply letter = desk.read("王秘書", desk.request + "/letter.html");
    CHECK_THAT(letter.body, Catch::Contains("並無所請影像") && !Catch::Contains("歉難同意"));
}

TEST_CASE("the office's own texts take the place of the drafts", "[api][print][texts][integration]") {
    Desk desk;
    CHECK(desk.read("王秘書", desk.request + "/form.html").body.find("草案") != std::string::npos);
    std::string text = read_text_file(SLUICE_SOURCE_DIR "/config/texts/zh-Hant.toml", 1U << 20U).value();
    for (auto place = text.find("\ndraft = true"); place != std::string::npos;
         place = text.find("\ndraft = true"))
        text.erase(place, std::string_view{"\ndraft = true"}.size());
    const std::string_view note = "影像之蒐集、處理及利用";
    text.replace(text.find(note), note.size(), "本局核定之第三項：蒐集");
    desk.config.print.texts = desk.data.path() / "texts.toml";
    REQUIRE(replace_file(desk.config.print.texts, text, 0644));
    desk.service->stop();
    desk.start();
    const Reply form = desk.read("王秘書", desk.request + "/form.html");
    CHECK(form.body.find("本局核定之第三項") != std::string::npos);
    CHECK(form.body.find("草案") == std::string::npos);
    REQUIRE(replace_file(desk.config.print.texts, "[form]", 0644));
    CHECK(desk.read("王秘書", desk.request + "/form.html").status == 500);
}

TEST_CASE(
    "a dossier goes out whole in one file, and the audit log has it",
    "[api][print][zip][integration]"
) {
    Desk desk;
    desk.refuse();
    CHECK(desk.read("政風", "/v1/dossiers/115-000001/export.zip").status == 403);
    CHECK(desk.read("王秘書", "/v1/dossiers/115-000009/export.zip").status == 404);
    const Reply zip = desk.read("王秘書", "/v1/dossiers/115-000001/export.zip");
    REQUIRE(zip.status == 200);
    const auto file = desk.data.path() / "dossier.zip";
    REQUIRE(replace_file(file, zip.body, 0600));
    const std::string script =
        "import sys,json,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n"
        "names=z.namelist()\nassert "
        "names[:6]==['form.pdf','decision.pdf','letter.pdf','case.json','screening.json','register.json'],"
        "names\n"
        "papers=sorted(n for n in names if n.startswith('attachments/'))\nassert len(papers)==2,names\n"
        "assert any(n.endswith('-report.pdf') and z.read(n)==b'%PDF-1.7 report.pdf' for n in papers)\n"
        "assert [e['kind'] for e in json.loads(z.read('register.json'))]==['opened','refused']\n"
        "assert json.loads(z.read('case.json'))['dossier']=='115/000001'\nprint('well')\n";
    const auto judged = run_to_end({"/usr/bin/python3", "-c", script, file.string()}, 30s);
    REQUIRE(judged);
    INFO(judged->errors);
    CHECK(judged->output == "well\n");
    CHECK(
        desk.database.query("SELECT count(*) FROM ledger_records WHERE action = 'dossier.exported'") == "1"
    );
}

}  // namespace
}  // namespace sluice::test
