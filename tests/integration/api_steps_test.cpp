// Steps of a case over HTTP that the whole stories do not take: returned, put off, not held, appealed,
// revoked, corrected, and the end of its papers.
#include "tests/integration/bureau.hpp"
#include "tests/integration/hls_client.hpp"

#include <filesystem>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string code_of(const Reply& reply) {
    const json body = json::parse(reply.body, nullptr, false);
    return body.is_object() ? body.value("code", std::to_string(reply.status)) : std::to_string(reply.status);
}

/// An hour before anything was recorded.
json before_recording() {
    json form = Bureau::external();
    form["from"] = "2026-11-18T10:00:00Z";
    form["to"] = "2026-11-18T10:05:00Z";
    return form;
}

/// Somebody wants to watch what was decided otherwise.
Reply watch(Bureau& bureau) {
    return bureau.send("張陪同", "POST", bureau.request + "/sessions", json::object());
}

TEST_CASE(
    "what is missing is named, brought and handed in again, and before the decision a case is screened anew",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    REQUIRE(bureau.hand_in("form.pdf", "undertaking") == "");
    REQUIRE(bureau.step("王秘書", "submit") == "submitted");
    CHECK(bureau.step("王秘書", "accept") == "ART9_2B_NO_POLICE_REPORT");
    CHECK(bureau.step("王秘書", "return") == "RETURN_LIST_MISSING");
    CHECK(bureau.step("局長", "return", {{"missing", "報案證明"}}) == "ROLE_NOT_ALLOWED");
    REQUIRE(bureau.step("王秘書", "return", {{"missing", "報案證明"}}) == "correction");
    CHECK(bureau.body()["due"].is_string());
    CHECK(bureau.body()["history"].back()["facts"]["missing"] == "報案證明");

    const json other{{"reason", "車輛於停車場遭擦撞"}};
    CHECK(bureau.send("王秘書", "PATCH", bureau.request, other).status == 200);
    REQUIRE(bureau.hand_in("report.pdf", "police_report_certificate") == "");
    CHECK(bureau.step("王秘書", "resubmit") == "SIGNED_PAPER_MISSING");
    REQUIRE(bureau.hand_in("signed.pdf", "signed_paper") == "");
    REQUIRE(bureau.step("王秘書", "resubmit", {{"note", "已補附"}}) == "submitted");
    CHECK(bureau.body()["form"]["reason"] == other["reason"]);
    REQUIRE(bureau.step("王秘書", "accept") == "accepted");
    REQUIRE(bureau.step("王秘書", "screen") == "screening");

    bureau.bring_on_to_decision();
    CHECK(bureau.step("王秘書", "reopen") == "DECISION_NO_REASONS");
    CHECK(bureau.step("王秘書", "reopen", {{"reasons", "發現新事證"}}) == "screening");
    // All of chain B signs again.
    bureau.bring_on_to_decision();
}

TEST_CASE(
    "the time for a decision is made longer once, with reasons, and the applicant is told",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    CHECK(bureau.step("王秘書", "extend", {{"reasons", "x"}}) == "REQUEST_STATE");
    bureau.bring_to_screening();
    CHECK(bureau.body()["due"] == "2026-12-03T16:00:00.000000Z");
    CHECK(bureau.step("王秘書", "extend") == "DECISION_NO_REASONS");
    CHECK(bureau.step("局長", "extend", {{"reasons", "x"}}) == "ROLE_NOT_ALLOWED");
    CHECK(bureau.step("王秘書", "extend", {{"reasons", "須洽第三人"}}) == "screening");
    // Fifteen days more from the last one on: 18 December is a Friday.
    CHECK(bureau.body()["due"] == "2026-12-18T16:00:00.000000Z");
    CHECK(bureau.body()["extended"].is_string());
    CHECK(bureau.body()["history"].back()["facts"]["due_before"] == "2026-12-03T16:00:00.000000Z");
    CHECK(bureau.step("王秘書", "extend", {{"reasons", "再延"}}) == "EXTENSION_SPENT");
    bureau.bring_on_to_decision();
    CHECK(bureau.body()["due"] == "2026-12-18T16:00:00.000000Z");
    CHECK(
        bureau.database.query(
            "SELECT concat_ws(' ', audience, due_at AT TIME ZONE 'UTC') FROM notices WHERE kind = 'extended'"
        ) == "secretariat 2026-12-18 16:00:00"
    );
    CHECK(
        bureau.database.query("SELECT count(*) FROM ledger_records WHERE action = 'request.extended'") == "1"
    );
    // Nothing but the reasons for it puts off what is overdue.
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_screening();
    bureau.clock.move(24h * 16);
    CHECK(bureau.step("王秘書", "extend", {{"reasons", "x"}}) == "EXTENSION_TOO_LATE");
}

TEST_CASE(
    "each act has its own notice, also the second one of a day that makes the same thing due",
    "[api][request][notices][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    REQUIRE(bureau.hand_in("form.pdf", "undertaking") == "");
    REQUIRE(bureau.hand_in("report.pdf", "police_report_certificate") == "");
    REQUIRE(bureau.step("王秘書", "submit") == "submitted");
    for (int i = 0; i < 2; ++i) {
        REQUIRE(bureau.step("王秘書", "return", {{"missing", "身分證明"}}) == "correction");
        REQUIRE(bureau.hand_in("signed.pdf", "signed_paper") == "");
        REQUIRE(bureau.step("王秘書", "resubmit") == "submitted");
    }
    REQUIRE(bureau.step("王秘書", "accept") == "accepted");
    REQUIRE(bureau.step("王秘書", "screen") == "screening");
    REQUIRE(bureau.answer_grounds() == "");
    for (int i = 0; i < 2; ++i) {
        if (i > 0) REQUIRE(bureau.step("王秘書", "reopen", {{"reasons", "補查"}}) == "screening");
        REQUIRE(bureau.step("王秘書", "refer", {{"units", {"工程科"}}}) == "countersigning");
        REQUIRE(bureau.step("政風", "opine", {{"stance", "agree"}}) == "countersigning");
        REQUIRE(bureau.step("科長", "opine", {{"stance", "agree"}}) == "deciding");
    }
    CHECK(
        bureau.database.query(
            "SELECT string_agg(kind || ' ' || audience || ' ' || n, ', ' ORDER BY kind, audience) FROM "
            "(SELECT kind, audience, count(*) n FROM notices GROUP BY kind, audience) counted"
        ) ==
        "correction_due secretariat 2, countersign_wanted ethics 2, countersign_wanted unit_head 2, "
        "submitted secretariat 3"
    );
}

TEST_CASE(
    "a request for archived records has its own time for the decision, which is not made longer",
    "[api][request][integration]"
) {
    Bureau bureau;
    json form = Bureau::external();
    form["basis"] = "custom";
    CHECK(code_of(bureau.send("王秘書", "POST", "/v1/requests", form)) == "INVALID_MEMBER");
    form["basis"] = "archives";
    bureau.draft("王秘書", form);
    CHECK(bureau.body()["form"]["basis"] == "archives");
    bureau.bring_to_screening();
    // Thirty days from 18 November on: a Friday.
    CHECK(bureau.body()["due"] == "2026-12-18T16:00:00.000000Z");
    CHECK(bureau.step("王秘書", "extend", {{"reasons", "x"}}) == "EXTENSION_SPENT");
    bureau.draft("王秘書", Bureau::external());
    CHECK(bureau.body()["form"]["basis"] == "personal_data");
}

TEST_CASE(
    "third persons are asked with a day of the office calendar, and answer or consent",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    const auto ask = [&](const char* person) {
        bureau.last = bureau.send(
            "王秘書",
            "POST",
            bureau.request + "/inquiries",
            {{"person", person}, {"document", "南水秘字第 7 號"}}
        );
        return code_of(bureau.last);
    };
    CHECK(ask("甲") == "REQUEST_STATE");
    bureau.bring_to_screening();
    CHECK(ask("甲") == "201");
    const json asked = bureau.body()["inquiries"][0];
    // Ten days end on a Saturday.
    CHECK(asked["due"] == "2026-11-30T16:00:00.000000Z");
    CHECK(asked["answer"].is_null());
    CHECK(ask("甲") == "INQUIRY_OPEN");
    bureau.clock.move(1min);
    CHECK(ask("乙") == "201");
    const std::string target = bureau.request + "/inquiries/" + asked["id"].get<std::string>() + "/answer";
    const auto answer = [&](const json& body) {
        bureau.last = bureau.send("王秘書", "POST", target, body);
        return code_of(bureau.last);
    };
    CHECK(answer({{"answer", "consented"}, {"note", "口頭"}}) == "INVALID_MEMBER");
    CHECK(answer({{"answer", "objected"}, {"note", "不同意"}}) == "200");
    CHECK(answer({{"answer", "objected"}, {"note", "不同意"}}) == "INQUIRY_ANSWERED");
    CHECK(bureau.body().contains("code"));
    REQUIRE(bureau.hand_in("consent.pdf", "consent") == "");
    const json consent{
        {"person", "乙"},
        {"recipient", "王小明"},
        {"from", "2026-11-18T11:00:00Z"},
        {"to", "2026-11-18T12:00:00Z"},
        {"cameras", {"drive-left"}},
        {"kinds", {"view"}},
        {"attachment", "consent.pdf"},
    };
    bureau.last = bureau.send("王秘書", "POST", bureau.request + "/consents", consent);
    REQUIRE(bureau.last.status == 201);
    CHECK(bureau.body()["inquiries"][0]["answer"] == "objected");
    CHECK(bureau.body()["inquiries"][1]["answer"] == "consented");
    CHECK(
        bureau.database.query(
            "SELECT concat_ws(' ', count(*), min(due_at AT TIME ZONE 'UTC')) FROM notices WHERE kind = "
            "'third_party_due' AND audience = 'secretariat'"
        ) == "2 2026-11-30 16:00:00"
    );
}

TEST_CASE(
    "what is not held is answered with its proof, appealed, remanded, and upheld",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft("王秘書", before_recording());
    bureau.bring_to_screening();
    CHECK(bureau.step("王秘書", "answer_not_held") == "not_held");
    CHECK(bureau.holds() == "request-");
    const Reply never = watch(bureau);
    CHECK(never.status == 404);
    CHECK(code_of(never) == "NOT_HELD_NEVER_RECORDED");
    CHECK(json::parse(never.body)["proofs"][0]["camera"] == "drive-left");

    bureau.clock.move(1min);
    CHECK(bureau.step("局長", "remand") == "REQUEST_STATE");
    CHECK(bureau.step("王秘書", "appeal", {{"document", "訴願 1"}}) == "SIGNED_PAPER_MISSING");
    REQUIRE(bureau.hand_in("appeal.pdf", "appeal") == "");
    CHECK(bureau.step("王秘書", "appeal", {{"document", "訴願 1"}}) == "appealed");
    CHECK(bureau.holds() == "legal request-");
    CHECK(bureau.step("王秘書", "remand") == "ROLE_NOT_ALLOWED");
    bureau.clock.move(1min);
    CHECK(bureau.step("局長", "remand") == "OUTCOME_MISSING");
    REQUIRE(bureau.hand_in("outcome.pdf", "outcome") == "");
    CHECK(bureau.step("局長", "remand", {{"document", "府訴字 9"}}) == "screening");
    CHECK(bureau.body()["due"].is_string());

    // Another body has recorded it, as the officer has found out meanwhile; only of a camera that is asked
    // for.
    const json other{{"camera", "gate"}, {"controller", "市政府警察局"}};
    CHECK(
        bureau.step("王秘書", "answer_not_held", {{"controllers", json::array({other})}}) ==
        "CAMERA_NOT_FOUND"
    );
    const json named{{"camera", "drive-left"}, {"controller", "市政府警察局"}};
    CHECK(bureau.step("王秘書", "answer_not_held", {{"controllers", json::array({named})}}) == "not_held");
    const Reply elsewhere = watch(bureau);
    CHECK(elsewhere.status == 404);
    CHECK(code_of(elsewhere) == "NOT_HELD_OTHER_CONTROLLER");
    CHECK(json::parse(elsewhere.body)["proofs"][0]["controller"] == "市政府警察局");

    bureau.clock.move(1min);
    REQUIRE(bureau.hand_in("appeal2.pdf", "appeal") == "");
    CHECK(bureau.step("王秘書", "appeal") == "appealed");
    // Without a number no law is named that lets it pass the ceiling (article 7(5)).
    CHECK(bureau.holds() == "case legal- request-");
    CHECK(
        bureau.database.query("SELECT expires_at AT TIME ZONE 'UTC' FROM holds WHERE kind = 'case'") ==
        "2027-11-16 16:00:00"
    );
    bureau.clock.move(1min);
    CHECK(bureau.step("局長", "uphold") == "OUTCOME_MISSING");
    REQUIRE(bureau.hand_in("outcome2.pdf", "outcome") == "");
    CHECK(bureau.step("局長", "uphold", {{"document", "府訴字 10"}}) == "closed");
    CHECK(bureau.database.query("SELECT count(*) FROM holds WHERE released_at IS NULL") == "0");
    CHECK(
        bureau.database.query("SELECT string_agg(kind, ' ' ORDER BY line) FROM register_entries") ==
        "opened not_held not_held"
    );
    // There is a remedy against either answer, so whoever asked is told of each.
    CHECK(bureau.database.query("SELECT count(*) FROM notices WHERE kind = 'decision'") == "2");
}

TEST_CASE("what was overwritten or destroyed is told with the certificate", "[api][request][integration]") {
    const auto [rule, code] = GENERATE(table<std::string, std::string>(
        {{"RET_WINDOW", "NOT_HELD_OVERWRITTEN"}, {"RET_CEILING_1Y", "NOT_HELD_DESTROYED"}}
    ));
    Bureau bureau;
    const std::string run = to_string(make_uuid_v7(bureau.clock.now()));
    const std::string times = "'2026-11-18T09:59Z', '2026-11-18T10:06Z'";
    const std::string stream =
        "(SELECT t.id FROM streams t JOIN cameras c ON c.id = t.camera_id WHERE c.slug = 'drive-left' AND "
        "t.kind = "
        "'main')";
    bureau.database.execute(
        "INSERT INTO purge_runs (id, kind, state, principal, policy_version, planned_at, started_at, "
        "ended_at, "
        "planned_segments, planned_bytes) VALUES ('" +
        run +
        "', 'rules', 'certified', 'test', 1, now(), now(), now(), 1, 1);"
        "INSERT INTO purge_certificates (id, issued_at, body) VALUES ('" +
        run +
        "', now(), '{}');"
        "INSERT INTO destroyed (stream_id, run_id, rule, from_at, to_at) VALUES (" +
        stream + ", '" + run + "', '" + rule + "', " + times +
        ");"
        "INSERT INTO tombstones (segment_id, stream_id, from_at, to_at, bytes, rule, run, at) VALUES "
        "(gen_random_uuid(), " +
        stream + ", " + times + ", 1, '" + rule + "', '" + run + "', now())"
    );
    bureau.draft("王秘書", before_recording());
    bureau.bring_to_screening();
    // Whatever the officer says of others: the tombstone is here.
    const json named{{"camera", "drive-left"}, {"controller", "市政府警察局"}};
    CHECK(bureau.step("王秘書", "answer_not_held", {{"controllers", json::array({named})}}) == "not_held");
    const Reply gone = watch(bureau);
    CHECK(gone.status == 410);
    CHECK(code_of(gone) == code);
    CHECK(json::parse(gone.body)["proofs"][0]["certificates"] == json::array({run}));
}

TEST_CASE("a refusal is what whoever wants to watch is told", "[api][request][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_decision(json::array({Bureau::yes_to("statutory_secret")}));
    const json other{{"reasons", "法律另有規定"}, {"grounds", {"ART10_2B_FAIR_TRIAL"}}};
    CHECK(bureau.step("局長", "refuse", other) == "REFUSAL_NO_GROUND");
    const json refusal{{"reasons", "法律另有規定"}, {"grounds", {"ART10_1_STATUTORY_SECRET"}}};
    REQUIRE(bureau.step("局長", "refuse", refusal) == "refused");
    const Reply told = watch(bureau);
    CHECK(told.status == 403);
    CHECK(code_of(told) == "ART10_1_STATUTORY_SECRET");
    CHECK(bureau.step("林主任", "close") == "REMEDY_OPEN");
    bureau.clock.move(24h * 40);
    REQUIRE(bureau.hand_in("appeal.pdf", "appeal") == "");
    CHECK(bureau.step("王秘書", "appeal") == "APPEAL_TOO_LATE");
    CHECK(bureau.step("林主任", "close") == "closed");
}

TEST_CASE(
    "footage of a refused case outlasts the period for the remedy, also over a long holiday",
    "[api][request][integration][article7]"
) {
    Bureau bureau;
    // Thirty days from 18 November end on a Friday: the first of ten days off, of which two would be off
    // anyway.
    bureau.database.execute(
        "INSERT INTO calendar_overrides (id, day, is_off, reason, approver, placer_id, placer, placed_at) "
        "SELECT "
        "gen_random_uuid(), day, true, '連假', '行政院', p.id, p.name, to_timestamp(0) FROM principals p, "
        "generate_series(date '2026-12-18', date '2026-12-27', interval '1 day') day WHERE p.name = '局長'"
    );
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_decision(json::array({Bureau::yes_to("statutory_secret")}));
    const json refusal{{"reasons", "法律另有規定"}, {"grounds", {"ART10_1_STATUTORY_SECRET"}}};
    REQUIRE(bureau.step("局長", "refuse", refusal) == "refused");
    CHECK(bureau.body()["due"] == "2026-12-28T16:00:00.000000Z");
    CHECK(
        bureau.database.query("SELECT expires_at AT TIME ZONE 'UTC' FROM holds WHERE kind = 'case'") ==
        "2027-01-04 16:00:00"
    );
    // Nobody lets it go beside the case.
    const std::string hold =
        "/v1/holds/" + bureau.database.query("SELECT id FROM holds WHERE kind = 'case'") + "/release";
    bureau.last = bureau.send("王秘書", "POST", hold, {{"reason", "結案"}});
    CHECK(bureau.last.status == 409);
    CHECK(bureau.body()["code"] == "HOLD_OWNED");
    CHECK(bureau.body()["owner"]["kind"] == "request");
    CHECK(bureau.body()["owner"]["name"] == "王小明");
}

TEST_CASE("a revoked decision stops the playing at once", "[api][request][release][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_decision();
    REQUIRE(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "granted");
    const UtcTime now = bureau.clock.now();
    REQUIRE(
        bureau.step(
            "王秘書",
            "schedule",
            {{"from", to_rfc3339(now)}, {"to", to_rfc3339(now + 1h)}, {"escort", "張陪同"}}
        ) == "scheduled"
    );
    const std::string code = bureau.body()["viewer_code"];
    const Reply opened = watch(bureau);
    INFO(opened.body);
    REQUIRE(opened.status == 201);
    const std::string session = opened.header("location");
    const Reply joined = fetch(
        bureau.port(),
        "POST",
        session + "/join",
        {"Content-Type: application/json"},
        json{{"code", code}}.dump()
    );
    REQUIRE(joined.status == 200);
    const std::string viewer =
        "Authorization: Bearer " + json::parse(joined.body)["token"].get<std::string>();
    REQUIRE(bureau.step("張陪同", "start") == "in_session");
    const auto play = [&](const std::string& name) {
        return fetch(bureau.port(), "GET", session + "/cameras/drive-left/" + name, {viewer});
    };
    const Reply playlist = play("stream.m3u8");
    REQUIRE(playlist.status == 200);
    const auto pieces = segments_of(playlist.body);
    REQUIRE_FALSE(pieces.empty());
    CHECK(play(pieces.front()).status == 200);

    CHECK(bureau.step("林主任", "revoke", {{"reasons", "x"}}) == "ROLE_NOT_ALLOWED");
    CHECK(bureau.step("局長", "revoke") == "DECISION_NO_REASONS");
    CHECK(bureau.step("局長", "revoke", {{"reasons", "用途不符"}}) == "revoked");
    CHECK(code_of(play(pieces.front())) == "ART7_NOT_APPROVED");
    CHECK(code_of(play("stream.m3u8")) == "ART7_NOT_APPROVED");
    CHECK(
        bureau.database.query("SELECT string_agg(kind, ' ' ORDER BY line) FROM register_entries") ==
        "opened revoked"
    );
    CHECK(bureau.database.query("SELECT count(*) FROM notices WHERE kind = 'decision'") == "2");
    CHECK(bureau.step("林主任", "close") == "closed");
}

TEST_CASE("a line of the register is put right by another one", "[api][request][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_screening();
    const auto correct = [&](const std::string& who, const std::string& line, const json& body) {
        bureau.last = bureau.send(who, "POST", "/v1/register/" + line + "/correct", body);
        return code_of(bureau.last);
    };
    const json right{{"text", "申請人應為王曉明"}, {"reason", "誤繕"}};
    CHECK(correct("王秘書", "1", {{"text", "x"}}) == "MEMBER_MISSING");
    CHECK(correct("稽核", "1", right) == "ROLE_NOT_ALLOWED");
    CHECK(correct("王秘書", "2", right) == "REGISTER_LINE_NOT_FOUND");
    CHECK(correct("王秘書", "-", right) == "REGISTER_LINE_NOT_FOUND");
    CHECK(correct("王秘書", "1", right) == "201");
    CHECK(bureau.body()["line"] == 2);
    CHECK(bureau.body()["kind"] == "corrected");
    CHECK(bureau.body()["facts"]["line"] == 1);
    const Reply csv =
        bureau.read("稽核", "/v1/register?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&format=csv");
    CHECK_THAT(csv.body, Catch::Contains("更正第1項：申請人應為王曉明（誤繕）"));
    CHECK(
        bureau.database.query("SELECT facts->>'applicant' FROM register_entries WHERE line = 1") == "王小明"
    );
    CHECK(
        bureau.database.query("SELECT count(*) FROM ledger_records WHERE action = 'register.corrected'") ==
        "1"
    );
}

TEST_CASE("papers go when a year is over, by somebody, and not before", "[api][request][integration]") {
    Bureau bureau;
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_screening();
    const json basis{{"document", "南水秘字第 12 號"}, {"reason", "逾保存期限"}};
    const auto destroy = [&](const std::string& who) {
        bureau.last = bureau.send(who, "POST", "/v1/dossiers/115-000001/destroy", basis);
        return code_of(bureau.last);
    };
    const auto eligible = [&] {
        return json::parse(bureau.read("稽核", "/v1/dossiers?eligible=true").body)["items"].size();
    };
    CHECK(destroy("王秘書") == "REQUEST_STATE");
    REQUIRE(bureau.hand_in("withdrawal.pdf", "signed_paper") == "");
    REQUIRE(bureau.step("王秘書", "withdraw") == "withdrawn");
    REQUIRE(bureau.step("林主任", "close") == "closed");
    bureau.clock.move(24h * 365);
    CHECK(destroy("王秘書") == "ART9_4C_RECORD_FLOOR_1Y");
    CHECK(bureau.last.status == 423);
    CHECK(bureau.body()["kept_until"].is_string());
    CHECK(eligible() == 0);
    const json listed = json::parse(bureau.read("稽核", "/v1/dossiers").body);
    CHECK(listed["items"][0]["number"] == "115/000001");
    CHECK(listed["items"][0]["papers_destroyed"].is_null());

    bureau.clock.move(24h);
    CHECK(eligible() == 1);
    CHECK(destroy("稽核") == "ROLE_NOT_ALLOWED");
    CHECK(bureau.read("稽核", bureau.request + "/attachments/form.pdf").status == 200);
    bureau.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    CHECK(destroy("王秘書") == "CATALOGUE_UNCONFIRMED");
    CHECK(bureau.last.status == 409);
    bureau.database.execute("SELECT confirm_catalogue(now())");
    CHECK(bureau.read("稽核", bureau.request + "/attachments/form.pdf").status == 200);
    CHECK(destroy("王秘書") == "200");
    CHECK(bureau.body()["papers_destroyed"].is_string());
    CHECK(bureau.body()["evidence"].size() == 3);
    CHECK(code_of(bureau.read("稽核", bureau.request + "/attachments/form.pdf")) == "PAPER_DESTROYED");
    std::size_t left = 0;
    for (const auto& file : std::filesystem::directory_iterator(bureau.data.path() / "spool" / "uploads"))
        left += file.path().extension() == ".sealed" ? 1 : 0;
    CHECK(left == 0);
    CHECK(eligible() == 0);
    CHECK(destroy("王秘書") == "PAPERS_DESTROYED");
    CHECK(bureau.read("王秘書", "/v1/dossiers/115-000001/export.zip").status == 200);
    CHECK(
        bureau.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                              "action LIKE 'dossier.papers%'"
        ) == "dossier.papers_ending dossier.papers_destroyed"
    );
}

}  // namespace
}  // namespace sluice::test
