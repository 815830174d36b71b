#include "storage/catalogue/check_repository.hpp"
#include "tests/pg/purge_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using namespace test;
using catalogue::PurgeState;
namespace fs = std::filesystem;

TEST_CASE(
    "art. 7(3), 7(5): a purge destroys what is due, certifies it, and a second one changes nothing",
    "[pg][purge]"
) {
    PurgeStage stage;
    const auto young = stage.record(days{29}).row;
    const auto due = stage.record(days{31}).row;
    const auto next = stage.record(days{31} - 60s).row;
    const auto other = stage.record(days{50}, 1).row;
    const auto old = stage.record(days{400}).row;
    const auto report = stage.purge();
    REQUIRE(report.run);
    CHECK(report.refusals.empty());
    CHECK(report.run->state == PurgeState::certified);
    CHECK(report.run->destroyed_segments == 4);
    CHECK(report.run->destroyed_bytes == 144);
    CHECK(report.run->missing_files == 0);
    CHECK(stage.last.done_segments == 4);
    CHECK(stage.state_of(young) == "whole");
    for (const auto& row : {due, next, other, old})
        CHECK(stage.state_of(row) == "destroyed");
    CHECK(stage.count("segment_index") == "1");
    CHECK(
        stage.database.query("SELECT string_agg(rule, ' ' ORDER BY from_at) FROM tombstones") ==
        "RET_CEILING_1Y RET_WINDOW RET_WINDOW RET_WINDOW"
    );
    // Neighbours are one stretch of destroyed footage, and none of coverage.
    const auto destroyed = take(catalogue::load_destroyed(
        stage.api, due.stream_id, StreamKind::main, {kPurgeNow - days{40}, kPurgeNow}
    ));
    REQUIRE(destroyed.size() == 1);
    CHECK(destroyed[0].range == TimeRange{due.range.from, next.range.to});
    CHECK(destroyed[0].run_id == report.run->id);
    CHECK(destroyed[0].certified);
    CHECK(
        take(catalogue::load_coverage(stage.api, due.stream_id, StreamKind::main, {UtcTime{}, kPurgeNow}))
            .covered.size() == 1
    );
    // Emptied folders went, with their parents.
    CHECK_FALSE(fs::exists(stage.root() / "live" / to_utc_day(due.range.from)));
    CHECK(stage.acts("purge.started") == "1");
    CHECK(stage.acts("purge.marked") == "3");  // one a day
    CHECK(stage.acts("purge.certified") == "1");

    const std::string before = stage.count("tombstones");
    const auto again = stage.purge();
    CHECK_FALSE(again.run);
    CHECK(again.plan.total().segments == 0);
    CHECK(stage.count("tombstones") == before);
    CHECK(stage.count("purge_runs") == "1");
}

TEST_CASE(
    "a certificate names footage, rule and policy, says whose copies it means, and the audit log has its "
    "hash",
    "[pg][purge]"
) {
    PurgeStage stage;
    stage.record(days{31});
    stage.record(days{31}, 1);
    const auto report =
        stage.purge({.principal_id = stage.keeper, .principal = "秘書", .role = "secretariat"});
    REQUIRE(report.run);
    const auto certificate = take(catalogue::find_certificate(stage.api, report.run->id));
    REQUIRE(certificate);
    const auto body = nlohmann::json::parse(certificate->body);
    CHECK(body["certificate"] == to_string(report.run->id));
    CHECK(body["by"] == "秘書");
    CHECK(body["policy_version"] == 1);
    CHECK(body["is_complete"] == true);
    CHECK(body["statement"].get<std::string>().find("held by Sluice") != std::string::npos);
    REQUIRE(body["footage"].size() == 2);
    CHECK(body["footage"][0]["rule"] == "RET_WINDOW");
    CHECK(body["footage"][0]["name"] == "迎賓車道");
    CHECK(
        stage.database.query("SELECT record::jsonb #>> '{facts,certificate_sha256}' FROM ledger_records "
                             "WHERE action = 'purge.certified'"
        ) == to_hex(sha256(as_bytes(certificate->body)))
    );
}

TEST_CASE("a dry run says what would go and what stays, and changes nothing", "[pg][purge]") {
    PurgeStage stage;
    stage.record(days{10});
    const auto due = stage.record(days{31}).row;
    const auto held = stage.record(days{32}).row;
    stage.hold(held.range);
    const auto report = stage.purge({.is_dry_run = true, .principal = "cron"});
    CHECK_FALSE(report.run);
    CHECK(report.plan.total().segments == 1);
    CHECK(report.plan.destroyed.at(Rule::window).bytes == 36);
    CHECK(report.plan.kept.at(Rule::hold).segments == 1);
    CHECK(report.plan.by_camera.at(stage.camera(0)).segments == 1);
    CHECK(stage.state_of(due) == "whole");
    CHECK(stage.count("purge_runs") == "0");
    CHECK(stage.count("ledger_records", "action LIKE 'purge.%'") == "0");
    const auto json = nlohmann::json::parse(to_json(report));
    CHECK(json["plan"]["destroyed"]["RET_WINDOW"]["segments"] == 1);
    CHECK(json["run"].is_null());
}

TEST_CASE(
    "art. 7(4), 7(5): held footage stays until its last hold is released; only law passes the year",
    "[pg][purge]"
) {
    PurgeStage stage;
    const auto held = stage.record(days{40}).row;
    const auto twice = stage.record(days{41}).row;
    const auto flagged = stage.record(days{400}).row;
    const auto judicial = stage.record(days{401}).row;
    const Uuid first = stage.hold({held.range.from + 10s, held.range.from + 11s});
    stage.hold(twice.range);
    const Uuid second = stage.hold({twice.range.from - 1h, twice.range.from + 1s});
    stage.hold(flagged.range);
    stage.hold(judicial.range, 0, catalogue::HoldKind::judicial);
    CHECK(stage.purge().run->destroyed_segments == 1);
    CHECK(stage.state_of(flagged) == "destroyed");
    for (const auto& row : {held, twice, judicial})
        CHECK(stage.state_of(row) == "whole");
    stage.release(first);
    stage.release(second);
    CHECK(stage.purge().run->destroyed_segments == 1);
    CHECK(stage.state_of(held) == "destroyed");
    CHECK(stage.state_of(twice) == "whole");
    stage.clock.at += days{200};  // the holds that were left have expired
    CHECK(stage.purge().run->destroyed_segments == 2);
    CHECK(stage.state_of(twice) == "destroyed");
    CHECK(stage.state_of(judicial) == "destroyed");
}

TEST_CASE(
    "suspect files go with their copies, and rows that never were finished under whatever name they have",
    "[pg][purge]"
) {
    PurgeStage stage;
    const auto suspect = stage.make_row(kPurgeNow - days{40}, 0).row;
    auto open = suspect;
    open.state = catalogue::SegmentState::open;
    open.path += ".part";
    const catalogue::OpenSegment begun{.row = open, .format = stage.make_row(kPurgeNow, 0).format};
    take(catalogue::save_open_segments(stage.recorder, {&begun, 1}));
    fs::path aside = suspect.path;
    aside += ".suspect";
    take(catalogue::mark_suspect(stage.recorder, suspect.id, aside));
    fs::create_directories((stage.root() / aside).parent_path());
    std::ofstream{stage.root() / aside} << "x";
    const fs::path copy = fs::path{"copies"} / suspect.path.filename();
    fs::create_directories(stage.root() / "copies");
    std::ofstream{stage.root() / copy} << "x";
    take(catalogue::save_copy(
        stage.worker,
        {.segment_id = suspect.id,
         .from = suspect.range.from,
         .volume_id = suspect.volume_id,
         .path = copy,
         .bytes = 1,
         .sha256 = Sha256Digest{},
         .to = suspect.range.to,
         .problem = {}}
    ));
    auto orphan = stage.make_row(kPurgeNow - days{41}, 1).row;
    const fs::path finished = orphan.path;
    stage.write(orphan);  // was renamed, and its row never followed
    orphan.state = catalogue::SegmentState::open;
    orphan.path += ".part";
    const catalogue::OpenSegment left{.row = orphan, .format = begun.format};
    take(catalogue::save_open_segments(stage.recorder, {&left, 1}));

    const auto report = stage.purge();
    REQUIRE(report.run);
    CHECK(report.run->destroyed_segments == 2);
    CHECK(report.run->missing_files == 0);
    CHECK_FALSE(fs::exists(stage.root() / aside));
    CHECK_FALSE(fs::exists(stage.root() / copy));
    CHECK_FALSE(fs::exists(stage.root() / finished));
    CHECK(stage.count("segment_copies") == "0");
    CHECK(stage.count("tombstones") == "2");
}

TEST_CASE("a file that was missing already is told as such", "[pg][purge]") {
    PurgeStage stage;
    const auto gone = stage.record(days{31}).row;
    stage.record(days{32});
    fs::remove(stage.root() / gone.path);
    const auto report = stage.purge();
    CHECK(report.run->destroyed_segments == 2);
    CHECK(report.run->missing_files == 1);
}

TEST_CASE("I12: a destroyed file that comes back is unlinked again and never catalogued", "[pg][purge]") {
    PurgeStage stage;
    const auto due = stage.make_row(kPurgeNow - days{31}, 0);
    const auto kept = stage.record(days{31} + 10min).row;
    stage.hold(kept.range);
    stage.write(due.row);
    take(catalogue::save_finished_segments(stage.recorder, {&due, 1}));
    CHECK(stage.purge().run->destroyed_segments == 1);
    stage.write(due.row);  // a disk from a backup
    take(catalogue::save_finished_segments(stage.recorder, {&due, 1}));
    CHECK(stage.count("segments") == "1");
    const auto report = stage.purge();
    CHECK(report.removed_again == 1);
    CHECK(stage.state_of(due.row) == "destroyed");
    CHECK(stage.state_of(kept) == "whole");
}

TEST_CASE("only one purge runs at a time, on all machines", "[pg][purge]") {
    PurgeStage stage;
    stage.record(days{31});
    catalogue::Pool elsewhere{stage.database.conninfo("sluice_worker"), 1};
    take(catalogue::with_purge_lock(elsewhere, [&] {
        const auto second =
            run_purge(stage.site, {.principal = "cron"}, [](const PurgeProgress&) { return true; });
        REQUIRE_FALSE(second);
        CHECK(second.error().label() == "PURGE_RUNNING");
        return Status{};
    }));
    CHECK(
        stage.count(
            "ledger_records",
            "action = 'purge.refused' AND record::jsonb #>> '{facts,refusals,0,code}' = 'PURGE_RUNNING'"
        ) == "1"
    );
    CHECK(stage.purge().run->destroyed_segments == 1);  // the lock went with its holder
}

}  // namespace
}  // namespace sluice::retention
