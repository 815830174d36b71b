// After a rebuild or a restore: what the audit log knows and the catalogue lacks.
#include "storage/retention/confirm.hpp"

#include "tests/pg/purge_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using namespace test;
using nlohmann::json;

std::string record(const std::string& action, const Uuid& subject, const json& facts = json::object()) {
    return json{
        {"action", action},
        {"at", to_rfc3339(kPurgeNow)},
        {"subject", {{"kind", "hold"}, {"id", to_string(subject)}}},
        {"facts", facts}
    }.dump();
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
json expiry(const std::string& to) {
    return {{"expires", {{"from", nullptr}, {"to", to}}}};
}

TEST_CASE(
    "the log tells which holds are in force, and which purges have destroyed something",
    "[retention][confirm]"
) {
    Evidence evidence;
    for (const std::string& one : {
             record("hold.placed", numbered(1), placed("2026-12-01T00:00:00Z")),
             record("hold.placed", numbered(2), placed("2026-12-01T00:00:00Z")),
             record("hold.released", numbered(2)),
             record("hold.placed", numbered(3), placed("2026-12-01T00:00:00Z")),
             record("hold.extended", numbered(3), expiry("2027-01-01T00:00:00Z")),
             record("hold.placed", numbered(4), placed("2026-12-01T00:00:00Z")),
             record("hold.limited", numbered(4), expiry("2026-11-25T00:00:00Z")),
             record("purge.marked", numbered(5)),
             record("purge.marked", numbered(6)),
             record("purge.aborted", numbered(6)),
             record("purge.certified", numbered(7), {{"tombstones_sha256", "00"}}),
             record("clip.opened", numbered(8)),
             std::string{"no json"},
         })
        add_record(evidence, one);
    add_record(evidence, std::nullopt);
    CHECK(evidence.unread == 1);
    CHECK(evidence.erased == 1);
    CHECK(evidence.newest == kPurgeNow);
    REQUIRE(evidence.purges.size() == 2);
    CHECK_FALSE(evidence.purges.at(numbered(5)).is_certified);
    CHECK(evidence.purges.at(numbered(7)).tombstones_sha256 == "00");
    REQUIRE(evidence.holds.size() == 3);
    CHECK(evidence.holds.at(numbered(1)).cameras == std::vector<std::string>{"lobby-1"});
    CHECK(evidence.holds.at(numbered(3)).expires == from_rfc3339("2027-01-01T00:00:00Z").value());
    CHECK(evidence.holds.at(numbered(4)).expires == from_rfc3339("2026-11-25T00:00:00Z").value());
}

TEST_CASE(
    "a restored catalogue that lacks a hold or a purge destroys nothing until that is mended",
    "[pg][purge][confirm]"
) {
    PurgeStage stage;
    const auto due = stage.record(days{31}).row;
    stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    CHECK(stage.purge().refusals.at(0).code == "CATALOGUE_UNCONFIRMED");

    stage.hold(due.range);
    Evidence evidence;
    add_record(evidence, record("hold.placed", numbered(7), placed("2099-01-01T00:00:00Z")));
    add_record(evidence, record("hold.placed", numbered(8), placed("2026-11-23T10:00:00Z")));  // over by now
    add_record(evidence, record("purge.marked", numbered(9)));
    add_record(evidence, record("purge.certified", numbered(10)));
    Confirmation confirmation{
        .principal = "sluice",
        .evidence = "export of today",
        .reason = {},
        .comparison = take(compare(stage.worker, evidence, kPurgeNow))
    };
    CHECK(confirmation.comparison.missing_holds == std::vector<Uuid>{numbered(7)});
    CHECK(confirmation.comparison.missing_purges == std::vector<Uuid>{numbered(9), numbered(10)});
    CHECK(confirmation.comparison.missing_certificates == std::vector<Uuid>{numbered(10)});
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

TEST_CASE("a hold that keeps less than the log says is not the hold of the log", "[pg][confirm]") {
    PurgeStage stage;
    const TimeRange range{kPurgeNow - 48h, kPurgeNow - 24h};
    const auto row = stage.make_hold(range, 0);
    stage.take_hold(row);
    Evidence evidence;
    evidence.newest = kPurgeNow;
    const std::string slug = stage.inventory.cameras[0].slug;
    KnownHold& known = evidence.holds[row.id];
    known = {.kind = "flag", .cameras = {slug}, .range = range, .expires = row.expires};
    const auto weakness = [&]() -> std::string {
        const auto comparison = take(compare(stage.worker, evidence, kPurgeNow));
        CHECK(comparison.missing_holds.empty());
        CHECK(comparison.is_whole() == comparison.weaker_holds.empty());
        return comparison.weaker_holds.empty() ? "" : comparison.weaker_holds.front().what;
    };
    CHECK(weakness().empty());
    SECTION("it ends earlier") {
        known.expires = *row.expires + 1us;
        CHECK(weakness().find("it ends at") == 0);
        known.expires = *row.expires - 1us;  // extended since: more is no harm
        CHECK(weakness().empty());
        known.expires.reset();
        CHECK(weakness().find("instead of never") != std::string::npos);
    }
    SECTION("it begins later, or does not reach as far") {
        known.range.from -= 1us;
        CHECK(weakness().find("it keeps") == 0);
        known.range = {range.from, range.to + 1us};
        CHECK(weakness().find("it keeps") == 0);
    }
    SECTION("a camera is not in it") {
        known.cameras.emplace_back("vault");
        CHECK(weakness() == "it lacks camera vault");
    }
    SECTION("the log had one that outlives the ceiling") {
        known.kind = "judicial";
        CHECK(weakness() == "its kind is flag instead of judicial");
    }
    SECTION("it was released before the end of the log, which does not know it; or after it") {
        stage.release(row.id);
        CHECK(weakness().find("it was released at") == 0);
        evidence.newest = kPurgeNow - 1us;
        CHECK(weakness().empty());
    }
}

TEST_CASE("tombstones and certificate of a purge must be those of the log", "[pg][purge][confirm]") {
    PurgeStage stage;
    stage.record_many(2, days{31});
    const auto run = stage.purge().run.value().id;
    Evidence evidence;
    add_record(
        evidence, stage.database.query("SELECT record FROM ledger_records WHERE action = 'purge.certified'")
    );
    REQUIRE(evidence.purges.contains(run));
    const auto whole = take(compare(stage.worker, evidence, kPurgeNow));
    CHECK(whole.is_whole());
    CHECK(whole.lines().empty());
    SECTION("a tombstone is missing") {
        stage.database.execute(
            "DELETE FROM tombstones WHERE segment_id = (SELECT min(segment_id::text)::uuid FROM "
            "tombstones)"
        );
        const auto lacking = take(compare(stage.worker, evidence, kPurgeNow));
        CHECK(lacking.missing_tombstones == std::vector<Uuid>{run});
        CHECK(lacking.missing_certificates.empty());
        CHECK_FALSE(lacking.is_whole());
        CHECK(lacking.lines().size() == 1);
    }
    SECTION("the certificate is another text") {
        stage.database.execute("UPDATE purge_certificates SET body = '{}'");
        const auto changed = take(compare(stage.worker, evidence, kPurgeNow));
        CHECK(changed.missing_certificates == std::vector<Uuid>{run});
        CHECK_FALSE(changed.is_whole());
    }
}

}  // namespace
}  // namespace sluice::retention
