// After a rebuild or a restore: what an export of the audit log knows and the catalogue lacks.
#include "storage/retention/confirm.hpp"

#include "tests/pg/purge_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using namespace test;
using nlohmann::json;

std::string line(const std::string& action, const Uuid& subject, const json& facts = json::object()) {
    const json record{
        {"action", action}, {"subject", {{"kind", "hold"}, {"id", to_string(subject)}}}, {"facts", facts}
    };
    return json{{"index", 0}, {"id", "x"}, {"record", record.dump()}, {"salt", "00"}}.dump();
}
Uuid numbered(std::uint8_t number) {
    return Uuid{.bytes = {number}};
}
json placed(const std::string& expires) {
    return {
        {"kind", "flag"},
        {"cameras", {"lobby-1"}},
        {"from", "2026-11-01T00:00:00Z"},
        {"to", "2026-11-02T00:00:00Z"},
        {"expires", expires}
    };
}

TEST_CASE(
    "an export tells which holds are in force: placed, extended, not released",
    "[retention][confirm]"
) {
    Evidence evidence;
    for (const std::string& one : {
             line("hold.placed", numbered(1), placed("2026-12-01T00:00:00Z")),
             line("hold.placed", numbered(2), placed("2026-12-01T00:00:00Z")),
             line("hold.released", numbered(2)),
             line("hold.placed", numbered(3), placed("2026-12-01T00:00:00Z")),
             line(
                 "hold.extended",
                 numbered(3),
                 {{"expires", {{"from", nullptr}, {"to", "2027-01-01T00:00:00Z"}}}}
             ),
             line("purge.certified", numbered(4)),
             line("clip.opened", numbered(5)),
             std::string{R"({"index":6,"record":null,"salt":null,"erased_by":"y"})"},
             std::string{"no json"},
         })
        add_line(evidence, one);
    CHECK(evidence.records == 9);
    CHECK(evidence.unreadable == 2);
    CHECK(evidence.certified_runs == std::set<Uuid>{numbered(4)});
    REQUIRE(evidence.holds.size() == 2);
    CHECK(evidence.holds.at(numbered(1)).cameras == std::vector<std::string>{"lobby-1"});
    CHECK(evidence.holds.at(numbered(3)).expires == from_rfc3339("2027-01-01T00:00:00Z").value());
}

TEST_CASE(
    "a restored catalogue that lacks a hold or a purge destroys nothing until that is mended",
    "[pg][purge][confirm]"
) {
    PurgeStage stage;
    const auto due = stage.record(days{31}).row;
    stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    CHECK(stage.purge().refusals.at(0).code == "CATALOGUE_UNCONFIRMED");

    const auto there = stage.make_hold(due.range, 0);
    stage.take_hold(there);
    Evidence evidence;
    add_line(evidence, line("hold.placed", there.id, placed("2099-01-01T00:00:00Z")));
    add_line(evidence, line("hold.placed", numbered(7), placed("2099-01-01T00:00:00Z")));
    add_line(evidence, line("hold.placed", numbered(8), placed("2026-11-23T10:00:00Z")));  // over by now
    add_line(evidence, line("purge.certified", numbered(9)));
    Confirmation confirmation{
        .principal = "sluice",
        .evidence = "export of today",
        .reason = {},
        .comparison = take(compare(stage.worker, evidence, kPurgeNow))
    };
    CHECK(confirmation.comparison.missing_holds == std::vector<Uuid>{numbered(7)});
    CHECK(confirmation.comparison.missing_certificates == std::vector<Uuid>{numbered(9)});
    const auto refused = confirm(stage.worker, confirmation, kPurgeNow);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().label() == "EVIDENCE_MISSING");
    CHECK(stage.purge().refusals.at(0).code == "CATALOGUE_UNCONFIRMED");
    CHECK(stage.state_of(due) == "whole");

    confirmation.reason = "hold 7 was placed on another site's camera";
    CHECK(take(confirm(stage.worker, confirmation, kPurgeNow)));
    CHECK_FALSE(take(confirm(stage.worker, confirmation, kPurgeNow)));
    CHECK(
        stage.database.query("SELECT record::jsonb #>> '{facts,missing_holds,0}' FROM ledger_records WHERE "
                             "action = 'retention.confirmed'") == to_string(numbered(7))
    );
    CHECK(stage.purge().refusals.empty());
    CHECK(stage.state_of(due) == "whole");  // held
}

TEST_CASE("evidence that is no export is none", "[retention][confirm]") {
    const TempFolder folder;
    CHECK_FALSE(load_evidence(folder.path()));
    std::ofstream{folder.path() / "records.jsonl"} << "\n";
    CHECK_FALSE(load_evidence(folder.path()));
    std::ofstream{folder.path() / "records.jsonl"}
        << line("hold.placed", numbered(1), placed("2099-01-01T00:00:00Z")) << "\n";
    CHECK(take(load_evidence(folder.path())).holds.size() == 1);
}

}  // namespace
}  // namespace sluice::retention
