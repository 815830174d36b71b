// A disk that fills up: what goes, what stays, and who is told.
#include "storage/retention/space.hpp"

#include "tests/pg/purge_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using namespace test;
using catalogue::PurgeState;

/// A stage whose policy keeps as long as the disk holds. Each segment has 36 bytes.
struct FullDisk {
    PurgeStage stage;
    FullDisk() {
        set_rule(2, R"j({"id": "RET_KEEP", "value": "capacity", "unit": "days", "article": "6"})j");
    }

    void set_rule(int place, const std::string& rule) const {
        stage.database.execute(
            "UPDATE policy_versions SET rules = jsonb_set(rules, '{" + std::to_string(place) + "}', '" +
            rule + "')"
        );
    }
    void allow_breach() const {
        set_rule(
            4,
            R"j({"id": "RET_LAST_RESORT", "value": "breach_floor", "unit": "", "article": "7(3)", "allowed_by": "局長"})j"
        );
    }
    RoomReport free(std::uint64_t bytes) {
        return take(free_room(stage.site, stage.site.volumes.at(0), bytes, [](const PurgeProgress&) {
            return true;
        }));
    }
};

TEST_CASE(
    "art. 6: a full disk overwrites the oldest above the floor, and no more than it needs",
    "[pg][purge][space]"
) {
    FullDisk disk;
    const auto oldest = disk.stage.record(days{50}).row;
    const auto held = disk.stage.record(days{49}, 1).row;
    const auto next = disk.stage.record(days{48}).row;
    const auto last = disk.stage.record(days{31}).row;
    const auto young = disk.stage.record(days{29}).row;
    disk.stage.hold(held.range, 1);
    const auto report = disk.free(37);
    REQUIRE(report.run);
    CHECK(report.is_enough);
    CHECK(report.run->kind == catalogue::PurgeKind::space);
    CHECK(report.run->state == PurgeState::certified);
    CHECK(disk.stage.state_of(oldest) == "destroyed");
    CHECK(disk.stage.state_of(next) == "destroyed");
    for (const auto& row : {held, last, young})
        CHECK(disk.stage.state_of(row) == "whole");
    CHECK(disk.stage.count("tombstones", "rule = 'RET_SPACE'") == "2");
    CHECK(disk.stage.count("incidents") == "0");
}

TEST_CASE(
    "art. 7(3): a full disk with everything held or young stops, which is an incident, once a day",
    "[pg][purge][space]"
) {
    FullDisk disk;
    const auto held = disk.stage.record(days{50}).row;
    const auto young = disk.stage.record(days{29}).row;
    disk.stage.hold(held.range);
    for (int i = 0; i < 2; ++i) {
        const auto report = disk.free(1000);
        CHECK_FALSE(report.run);
        CHECK_FALSE(report.is_enough);
    }
    CHECK(disk.stage.state_of(held) == "whole");
    CHECK(disk.stage.state_of(young) == "whole");
    CHECK(disk.stage.count("incidents", "kind = 'storage'") == "1");
    // Each segment that stands in the way is named, by camera and rule.
    for (const auto& [row, rule] : {std::pair{held, "RET_HOLD_ACTIVE"}, std::pair{young, "RET_FLOOR_30D"}}) {
        CAPTURE(rule);
        const std::string ids = to_hex(sha256(as_bytes(to_string(row.id) + "\n")));
        CHECK(
            disk.stage.count(
                "incidents i, jsonb_array_elements(i.subject->'in_the_way') part",
                "part->>'rule' = '" + std::string{rule} +
                    "' AND part->>'segments' = '1' AND part->>'from' = '" + to_rfc3339(row.range.from) +
                    "' AND part->>'ids_sha256' = '" + ids + "'"
            ) == "1"
        );
    }
}

TEST_CASE(
    "art. 7(3): below the floor only with the policy's permission, oldest first, and an incident names each "
    "segment",
    "[pg][purge][space]"
) {
    FullDisk disk;
    disk.allow_breach();
    const auto old = disk.stage.record(days{40}).row;
    const auto held = disk.stage.record(days{20}).row;
    const auto first = disk.stage.record(days{19}, 1).row;
    const auto second = disk.stage.record(days{18}).row;
    const auto newest = disk.stage.record(days{1}).row;
    disk.stage.hold(held.range);
    const auto report = disk.free(3 * 36);
    REQUIRE(report.run);
    CHECK(report.has_breached);
    for (const auto& row : {old, first, second})
        CHECK(disk.stage.state_of(row) == "destroyed");
    for (const auto& row : {held, newest})
        CHECK(disk.stage.state_of(row) == "whole");
    CHECK(disk.stage.count("tombstones", "rule = 'RET_BREACH_FLOOR'") == "2");
    for (const auto& row : {first, second})
        CHECK(
            disk.stage.count(
                "incidents", "kind = 'floor_violation' AND subject->'segments' ? '" + to_string(row.id) + "'"
            ) == "1"
        );
    CHECK(disk.stage.count("incidents", "subject->'segments' ? '" + to_string(old.id) + "'") == "0");
}

TEST_CASE(
    "nothing goes for room when the policy says stop, the catalogue is in doubt, or the log is away",
    "[pg][purge][space]"
) {
    FullDisk disk;
    const auto old = disk.stage.record(days{40}).row;
    SECTION("the policy") {
        disk.set_rule(3, R"j({"id": "RET_WHEN_FULL", "value": "stop", "unit": "", "article": "6"})j");
        for (int i = 0; i < 2; ++i) {
            const auto report = disk.free(36);
            CHECK_FALSE(report.run);
            CHECK_FALSE(report.is_enough);
        }
        CHECK(
            disk.stage.count("incidents", "kind = 'storage' AND subject->>'rule' = 'RET_WHEN_FULL'") == "1"
        );
    }
    SECTION("the catalogue") {
        disk.stage.database.execute(
            "UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()"
        );
        CHECK(disk.free(36).refusals.at(0).code == "CATALOGUE_UNCONFIRMED");
    }
    SECTION("the log") {
        disk.stage.site.wait_signed = [](const Uuid&) -> Status {
            return failure(Remedy::retry, "no checkpoint", "LEDGER_UNAVAILABLE");
        };
        CHECK(disk.free(36).run->state == PurgeState::aborted);
    }
    CHECK(disk.stage.state_of(old) == "whole");
    CHECK(disk.stage.files.count(Call::remove) == 0);
}

TEST_CASE(
    "RET_FLOOR_AT_RISK: the forecast counts each volume's days, and holds as room that is gone",
    "[pg][purge][space]"
) {
    PurgeStage stage;
    stage.record(days{40});
    const auto held = stage.record(days{2}).row;
    stage.record(1h, 1);
    stage.hold(held.range);
    stage.hold(held.range);  // counts once
    const auto rows = take(foresee(stage.site, {}));
    REQUIRE(rows.size() == 2);
    const auto& all = rows.back();
    CHECK(all.place == "all");
    CHECK(all.footage_bytes == 108);
    CHECK(all.held_bytes == 36);
    CHECK(all.bytes_per_day == 35);  // 72 bytes in two days and a minute
    CHECK(all.floor_days == 30);
    CHECK_FALSE(all.is_at_risk);
    take(catalogue::save_forecasts(stage.worker, rows));
    take(catalogue::save_forecasts(stage.worker, rows));
    const auto read = take(catalogue::load_forecasts(stage.api));
    REQUIRE(read.size() == 2);
    CHECK(read[1].days_held == all.days_held);
}

}  // namespace
}  // namespace sluice::retention
