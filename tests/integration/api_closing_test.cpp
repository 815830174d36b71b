// The ends of cases over HTTP: each has one line of the register that says how it ended.
#include "tests/integration/bureau.hpp"

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
    CHECK(bureau.body()["code"].is_null());
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

}  // namespace
}  // namespace sluice::test
