// Disks that fail, programs that die, power that goes, and holds that are placed meanwhile.
#include "tests/pg/purge_stage.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace sluice::retention {
namespace {

using namespace test;
using catalogue::PurgeState;
namespace fs = std::filesystem;

constexpr std::size_t kMinutes = 2;  // of two cameras

/// Every segment is whole, or destroyed, or marked and on its way; never a tombstone with a file or a row.
void check_sane(PurgeStage& stage) {
    for (const std::string& state : stage.states(stage.rows)) {
        INFO(state);
        CHECK(
            (state == "whole" || state == "destroyed" || state == "marked" || state == "row mark" ||
             state == "row ")
        );
    }
}
void check_all_destroyed(PurgeStage& stage) {
    for (const std::string& state : stage.states(stage.rows))
        CHECK(state == "destroyed");
    CHECK(stage.count("purge_marks") == "0");
    CHECK(stage.count("purge_runs", "state NOT IN ('certified', 'aborted')") == "0");
    // Each tombstone belongs to a run with a certificate.
    CHECK(
        stage.count(
            "tombstones t", "NOT EXISTS (SELECT FROM purge_certificates c WHERE c.id::text = t.run)"
        ) == "0"
    );
}

const PurgeRequest kConfirmed{.consent = {.plan = true, .clock = false}, .principal = "cron"};
bool go_on(const PurgeProgress&) {
    return true;
}
bool is_whole(const Result<PurgeReport>& report) {
    return report && report->run && report->run->error.empty();
}

/// The same site, whose files lie on another disk.
Site on_disk(const Site& site, volume::DurableFiles& disk) {
    return {
        .pool = site.pool,
        .files = disk,
        .clock = site.clock,
        .installation_id = site.installation_id,
        .volumes = site.volumes,
        .recorder_status = site.recorder_status,
        .wait_signed = site.wait_signed
    };
}

TEST_CASE("I22: whichever call on the disk fails once, the next purge ends the work", "[pg][purge][fault]") {
    PurgeStage stage;
    std::size_t faults = 0;
    for (bool has_failed = true; has_failed;) {
        INFO("call " << faults + 1);
        stage.rows.clear();
        stage.record_many(kMinutes, days{31});
        const std::size_t before = stage.files.records().size();
        stage.files.fail_nth_call(faults + 1);
        const auto first = run_purge(stage.site, kConfirmed, go_on);
        has_failed = stage.files.records().size() - before > faults;
        // A fault in the clean-up of folders comes after the certificate and is told as an error.
        if (has_failed) CHECK_FALSE((is_whole(first) && first->run->destroyed_segments < stage.rows.size()));
        check_sane(stage);
        stage.files.heal();
        stage.purge();
        check_all_destroyed(stage);
        faults += has_failed ? 1 : 0;
    }
    CHECK(faults > 2 * kMinutes + 2);  // each file and folder, and the folders that became empty
}

TEST_CASE(
    "a purge that dies at any call, with and without a power cut, is ended by the next one",
    "[pg][purge][fault]"
) {
    PurgeStage stage;
    for (const auto unsynced : {UnsyncedEntries::gone, UnsyncedEntries::kept}) {
        std::size_t deaths = 0;
        for (bool has_died = true; has_died;) {
            INFO("call " << deaths + 1);
            stage.rows.clear();
            stage.record_many(kMinutes, days{31});
            FaultyFiles disk{stage.root()};  // what was recorded is durable
            const Site dying = on_disk(stage.site, disk);
            disk.die_at_nth_call(deaths + 1);
            static_cast<void>(run_purge(dying, kConfirmed, go_on));
            has_died = disk.records().size() > deaths;
            disk.heal();
            disk.power_cut(Unsynced::gone, unsynced);
            check_sane(stage);  // what has a tombstone does not come back, whatever the power did
            static_cast<void>(take(run_purge(dying, kConfirmed, go_on)));
            check_all_destroyed(stage);
            deaths += has_died ? 1 : 0;
        }
        CHECK(deaths > 2 * kMinutes + 2);
    }
}

TEST_CASE(
    "a purge that dies at any call and then finds everything held finishes what is gone, and keeps the rest "
    "whole",
    "[pg][purge][fault]"
) {
    PurgeStage stage;
    for (const bool has_power_cut : {false, true}) {
        std::size_t deaths = 0;
        for (bool has_died = true; has_died;) {
            INFO("call " << deaths + 1 << (has_power_cut ? ", with a power cut" : ""));
            stage.rows.clear();
            stage.record_many(1, days{31});
            FaultyFiles disk{stage.root()};  // what was recorded is durable
            const Site dying = on_disk(stage.site, disk);
            disk.die_at_nth_call(deaths + 1);
            static_cast<void>(run_purge(dying, kConfirmed, go_on));
            has_died = disk.records().size() > deaths;
            disk.heal();
            if (has_power_cut) disk.power_cut(Unsynced::gone, UnsyncedEntries::gone);
            std::vector<Uuid> holds;
            for (const std::size_t camera : {0U, 1U})
                holds.push_back(stage.hold({kPurgeNow - days{60}, kPurgeNow}, camera));
            static_cast<void>(take(run_purge(dying, kConfirmed, go_on)));
            for (const std::string& state : stage.states(stage.rows))
                CHECK((state == "whole" || state == "destroyed"));
            CHECK(stage.count("purge_marks") == "0");
            CHECK(stage.count("purge_runs", "state NOT IN ('certified', 'aborted')") == "0");
            for (const Uuid& hold : holds)
                stage.release(hold);
            stage.purge();
            deaths += has_died ? 1 : 0;
        }
    }
    CHECK(stage.acts("purge.found_gone") != "0");
    CHECK(stage.count("incidents", "kind = 'storage'") == stage.acts("purge.found_gone"));
}

TEST_CASE(
    "footage that a dead purge had destroyed is not whole again because somebody holds it",
    "[pg][purge][fault]"
) {
    PurgeStage stage;
    stage.record_many(1, days{31});
    stage.files.die_at_nth_call(2);  // one file is gone, and nobody has said so
    static_cast<void>(run_purge(stage.site, kConfirmed, go_on));
    stage.files.heal();
    const auto gone = std::ranges::find_if(stage.rows, [&](const auto& row) {
        return !fs::exists(stage.root() / row.path);
    });
    REQUIRE(gone != stage.rows.end());
    stage.hold({kPurgeNow - days{60}, kPurgeNow}, 0);
    stage.hold({kPurgeNow - days{60}, kPurgeNow}, 1);
    const auto report = stage.purge();
    CHECK(report.finished.size() == 1);
    CHECK(stage.count("segments") == "1");
    CHECK(stage.state_of(*gone) == "destroyed");
    CHECK(stage.acts("purge.found_gone") == "1");
    CHECK(
        stage.database.query("SELECT subject ->> 'segments' FROM incidents WHERE kind = 'storage'") ==
        "[\"" + to_string(gone->id) + "\"]"
    );
    const auto run = take(catalogue::find_purge_run(stage.worker, report.finished.front())).value();
    CHECK(run.state == PurgeState::certified);
    CHECK(run.destroyed_segments == 1);
    CHECK(run.missing_files == 1);
    CHECK(run.kept_segments == 1);
}

TEST_CASE(
    "a purge that was stopped leaves marks, which the next one ends before its own plan",
    "[pg][purge][fault]"
) {
    PurgeStage stage;
    stage.record_many(kMinutes, days{40});
    stage.record_many(kMinutes, days{35});
    int calls = 0;
    const auto stopped = run_purge(stage.site, kConfirmed, [&calls](const PurgeProgress& progress) {
        return progress.done_segments == 0 || ++calls < 1;
    });
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().remedy() == Remedy::cancelled);
    CHECK(stage.count("purge_runs", "state = 'running'") == "1");
    const auto report = stage.purge();
    CHECK(report.finished.size() == 1);
    check_all_destroyed(stage);
}

TEST_CASE(
    "a run whose program died right after marking is ended, but for what was held since",
    "[pg][purge][fault]"
) {
    PurgeStage stage;
    stage.record_many(kMinutes, days{40});
    stage.files.die_at_nth_call(1);
    static_cast<void>(run_purge(stage.site, kConfirmed, [](const PurgeProgress&) { return false; }));
    stage.files.heal();
    catalogue::PurgeRunRow run;
    run.id = make_uuid_v7(kPurgeNow);
    run.principal = "cron";
    run.planned = kPurgeNow;
    take(catalogue::save_purge_run(stage.worker, run));
    take(catalogue::move_purge_run(stage.worker, run.id, PurgeState::running, kPurgeNow, {}, nullptr));
    stage.database.execute(
        "INSERT INTO purge_marks SELECT id, from_at, '" + to_string(run.id) + "', 'RET_WINDOW' FROM segments"
    );
    const auto& held = stage.rows.front();
    stage.hold(held.range);
    const auto report = stage.purge();
    CHECK(report.finished.size() == 1);
    CHECK(stage.state_of(held) == "whole");
    CHECK(stage.count("segments") == "1");
    const auto ended = take(catalogue::find_purge_run(stage.worker, run.id)).value();
    CHECK(ended.state == PurgeState::certified);
    CHECK(ended.kept_segments == 1);
}

TEST_CASE(
    "a folder that can't be synced keeps its rows; nothing counts as gone before",
    "[pg][purge][fault]"
) {
    PurgeStage stage;
    const auto row = stage.record(days{31}).row;
    stage.files.fail_nth(Call::sync_directory, 1);
    const auto report = stage.purge();
    REQUIRE(report.run);
    CHECK(report.run->state == PurgeState::running);  // its mark stays: the name may be gone, or come back
    CHECK_FALSE(report.run->error.empty());
    CHECK(stage.count("tombstones") == "0");
    CHECK(stage.count("segments") == "1");
    stage.files.heal();
    CHECK(stage.purge().finished == std::vector<Uuid>{report.run->id});
    CHECK(stage.state_of(row) == "destroyed");
}

TEST_CASE("art. 7(4): a hold that is placed while a purge runs wins, a thousand times", "[pg][purge][race]") {
    PurgeStage stage;
    constexpr int kRounds = 1000;
    constexpr int kAtOnce = 100;  // segments in the stage at a time, so that a purge of them takes a while
    std::size_t won = 0;
    std::size_t lost = 0;
    for (int round = 0; round < kRounds; round += kAtOnce) {
        stage.rows.clear();
        stage.record_many(kAtOnce / 2, days{31});
        // Holds over single segments from both ends, while the purge goes through them.
        std::vector<bool> seen;  // by row: was it whole once its hold was committed
        std::atomic<bool> is_placing = false;
        std::optional<Error> failed;
        std::thread placer{[&] {
            for (const auto& row : stage.rows) {
                is_placing = true;
                const std::size_t camera = row.stream_id == stage.inventory.streams[0].id ? 0 : 1;
                const auto placed = catalogue::place_hold(
                    stage.api,
                    stage.make_hold({row.range.from + 1s, row.range.from + 2s}, camera),
                    hold_act().actor
                );
                const auto found = catalogue::find_segment(stage.api, row.id);
                if (!placed || !found) {
                    failed = !placed ? placed.error() : found.error();
                    return;
                }
                seen.push_back(found->has_value());
            }
        }};
        while (!is_placing)
            std::this_thread::yield();
        stage.purge();
        placer.join();
        if (failed) FAIL(failed->describe());
        const auto states = stage.states(stage.rows);
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const bool was_whole = seen[i];
            if (states[i] != (was_whole ? "whole" : "destroyed"))
                FAIL("a hold found it " << (was_whole ? "whole" : "gone") << " and it is " << states[i]);
            ++(was_whole ? won : lost);
        }
        stage.database.execute("DELETE FROM hold_cameras; DELETE FROM holds");
        stage.purge();
    }
    INFO(won << " won, " << lost << " came too late");
    CHECK(won + lost == kRounds);
    CHECK(won > 0);
}

}  // namespace
}  // namespace sluice::retention
