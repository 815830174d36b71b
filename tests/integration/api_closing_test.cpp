// The ends of cases over HTTP: each has one line of the register that says how it ended.
#include "jobs/lapse.hpp"
#include "tests/integration/bureau.hpp"

#include <algorithm>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Closed cases, each with the dossier that the bureau gave it.
struct ClosingBureau : Bureau {
    void open(const json& grounds = json::array()) {
        draft("王秘書", external());
        bring_to_decision(grounds);
    }
    /// 11:07:04 to 11:07:05 shows somebody who does not consent.
    [[nodiscard]] static json passer_by() {
        return json::array({{
            {"ground", "third_party"},
            {"answer", "yes"},
            {"evidence", "畫面有路人"},
            {"places",
             {{{"camera", "drive-left"},
               {"from", "2026-11-18T11:07:04Z"},
               {"to", "2026-11-18T11:07:05Z"},
               {"person", "乙"}}}},
        }});
    }
    void grant_part() {
        const json parts{
            {{"camera", "drive-left"}, {"from", "2026-11-18T11:07:00Z"}, {"to", "2026-11-18T11:07:04Z"}}
        };
        REQUIRE(step("局長", "grant_part", {{"reasons", "部分提供"}, {"parts", parts}}) == "granted_partial");
    }
    void refuse() {
        const json refusal{{"reasons", "法律另有規定"}, {"grounds", {"ART10_1_STATUTORY_SECRET"}}};
        REQUIRE(step("局長", "refuse", refusal) == "refused");
    }
    void appeal() {
        clock.move(1min);
        REQUIRE(hand_in("appeal.pdf", "appeal") == "");
        REQUIRE(step("王秘書", "appeal", {{"document", "訴願 1"}}) == "appealed");
        clock.move(1min);
        REQUIRE(hand_in("outcome.pdf", "outcome") == "");
    }
    std::string uphold() { return step("局長", "uphold", {{"document", "府訴字第 9 號"}}); }
    /// The lines of the case: "opened refused".
    [[nodiscard]] std::string lines() {
        std::string number = json::parse(read("王秘書", request).body)["dossier"];
        number[number.find('/')] = '-';
        std::string kinds;
        entries = json::parse(read("王秘書", "/v1/dossiers/" + number).body)["register"];
        for (const json& line : entries)
            kinds += (kinds.empty() ? "" : " ") + line["kind"].get<std::string>();
        return kinds;
    }
    json entries;
};

TEST_CASE(
    "a decision in part that outlives its appeal closes with a line of what it refused, and why",
    "[api][request][register][integration][article9]"
) {
    ClosingBureau bureau;
    bureau.open(ClosingBureau::passer_by());
    bureau.grant_part();
    const std::string decided = bureau.body()["decided"];
    CHECK(bureau.lines() == "opened");
    bureau.appeal();
    CHECK(bureau.lines() == "opened");
    CHECK(bureau.step("王秘書", "uphold") == "ROLE_NOT_ALLOWED");
    CHECK(bureau.lines() == "opened");
    REQUIRE(bureau.uphold() == "closed");

    CHECK(bureau.lines() == "opened refused");
    const json line = bureau.entries.back();
    CHECK(line["principal"] == "局長");
    const json& facts = line["facts"];
    CHECK(facts["document"] == "府訴字第 9 號");
    CHECK(facts["grounds"] == json::array({"ART10_3_THIRD_PARTY_PRIVACY"}));
    CHECK(facts["upheld"]["result"] == "granted_partial");
    CHECK(facts["upheld"]["decided"] == decided);
    CHECK(facts["upheld"]["by"] == "局長");
    CHECK(facts["upheld"]["reasons"] == "部分提供");
    CHECK(line["at"] == to_rfc3339(bureau.clock.now()));
    const Reply csv =
        bureau.read("稽核", "/v1/register?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&format=csv");
    CHECK_THAT(
        csv.body,
        Catch::Contains("\"部分不予核准(ART10_3_THIRD_PARTY_PRIVACY)\"") &&
            Catch::Contains("訴願駁回（府訴字第 9 號）")
    );
    // It is one transaction: a second one finds nothing to close.
    CHECK(bureau.uphold() == "REQUEST_STATE");
    CHECK(bureau.lines() == "opened refused");
}

TEST_CASE(
    "an appeal that succeeded, and one against the next decision that failed: the line is of the last one",
    "[api][request][register][integration][article9]"
) {
    ClosingBureau bureau;
    bureau.open(json::array({Bureau::yes_to("statutory_secret")}));
    bureau.refuse();
    bureau.appeal();
    REQUIRE(bureau.step("局長", "remand", {{"document", "府訴字第 8 號"}}) == "screening");
    bureau.bring_on_to_decision(ClosingBureau::passer_by());
    bureau.grant_part();
    CHECK(bureau.lines() == "opened refused");
    bureau.appeal();
    REQUIRE(bureau.uphold() == "closed");
    CHECK(bureau.lines() == "opened refused refused");
    CHECK_FALSE(bureau.entries[1]["facts"].contains("upheld"));
    CHECK(bureau.entries[2]["facts"]["upheld"]["result"] == "granted_partial");
}

TEST_CASE(
    "a refusal that outlives its appeal has its line already",
    "[api][request][register][integration]"
) {
    ClosingBureau bureau;
    bureau.open(json::array({Bureau::yes_to("statutory_secret")}));
    bureau.refuse();
    bureau.appeal();
    REQUIRE(bureau.uphold() == "closed");
    CHECK(bureau.lines() == "opened refused");
}

TEST_CASE(
    "what lapses has its line, and a notice for the secretariat and for whoever asked with an account",
    "[api][request][notices][integration]"
) {
    ClosingBureau bureau;
    catalogue::Pool worker{bureau.database.conninfo("sluice_worker"), 1};
    const auto is_told = [&](const std::string& who) {
        const json notices = json::parse(bureau.read(who, "/v1/notices").body)["items"];
        return std::ranges::count_if(notices, [&](const json& notice) {
            return notice["kind"] == "lapsed" &&
                   bureau.request.ends_with(notice["subject"]["id"].get<std::string>());
        });
    };
    const auto lapse = [&](std::chrono::days later) {
        bureau.clock.move(later);
        for (int i = 0; i < 2; ++i)
            if (const auto done = jobs::lapse_requests(worker, bureau.clock.now()); !done)
                FAIL(done.error().describe());
        return json::parse(bureau.read("稽核", bureau.request).body)["state"].get<std::string>();
    };
    SECTION("a grant that nobody used") {
        bureau.open();
        REQUIRE(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "granted");
        const std::string due = bureau.body()["due"];
        CHECK(lapse(std::chrono::days{29}) == "granted");
        CHECK(is_told("王秘書") == 0);
        REQUIRE(lapse(std::chrono::days{1}) == "lapsed");
        CHECK(bureau.lines() == "opened lapsed");
        CHECK(is_told("王秘書") == 1);
        for (const char* who : {"小陳", "局長", "政風", "科長"})
            CHECK(is_told(who) == 0);
        CHECK(json::parse(bureau.read("王秘書", "/v1/notices").body)["items"][0]["due"] == due);
        CHECK(bureau.step("林主任", "close") == "closed");
        CHECK(bureau.lines() == "opened lapsed");
    }
    SECTION("a request that was not completed in time") {
        json form = Bureau::external();
        form.erase("legal_interest");
        form.erase("applicant");
        form.erase("unit");
        form["channel"] = "internal";
        form["purpose"] = "personal_rights";
        bureau.draft("小陳", form);
        REQUIRE(bureau.step("小陳", "submit") == "submitted");
        REQUIRE(bureau.step("王秘書", "return", {{"missing", "事由不明"}}) == "correction");
        REQUIRE(lapse(std::chrono::days{30}) == "lapsed");
        for (const char* who : {"小陳", "王秘書"})
            CHECK(is_told(who) == 1);
        for (const char* who : {"小李", "科長"})
            CHECK(is_told(who) == 0);
        // It never had a dossier.
        CHECK(bureau.database.query("SELECT count(*) FROM register_entries") == "0");
        CHECK(bureau.step("林主任", "close") == "closed");
    }
}

}  // namespace
}  // namespace sluice::test
