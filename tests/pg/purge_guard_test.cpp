// What stands against a purge, and that each refusal destroys nothing and is an act.
#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/status/recorder_status.hpp"
#include "tests/pg/purge_stage.hpp"

#include <pqxx/pqxx>

namespace sluice::retention {
namespace {

using namespace test;
using catalogue::PurgeState;
namespace fs = std::filesystem;

std::string codes(const PurgeReport& report) {
    std::string all;
    for (const Refusal& refusal : report.refusals)
        all += (all.empty() ? "" : " ") + refusal.code;
    return all;
}

/// A stage with one segment that is due and one that is not.
struct Guarded {
    PurgeStage stage;
    catalogue::SegmentRow due = stage.record(days{31}).row;
    catalogue::SegmentRow young = stage.record(30s).row;

    void check_refused(const std::string& code, const PurgeRequest& request = {.principal = "cron"}) {
        const std::string acts = stage.acts("purge.refused");
        const auto report = stage.purge(request);
        CHECK(codes(report) == code);
        CHECK_FALSE(report.run);
        CHECK(stage.state_of(due) == "whole");
        CHECK(stage.files.count(Call::remove) == 0);
        CHECK(stage.count("purge_runs") == "0");
        CHECK(stage.acts("purge.refused") == std::to_string(std::stoi(acts) + 1));
        CHECK(
            stage.database.query("SELECT record::jsonb #>> '{facts,refusals,0,code}' FROM ledger_records "
                                 "WHERE action = 'purge.refused' ORDER BY filed_at DESC LIMIT 1"
            ) == code.substr(0, code.find(' '))
        );
    }
    void check_runs(PurgeRequest request = {.principal = "cron"}) {
        const auto report = stage.purge(std::move(request));
        CHECK(codes(report).empty());
        CHECK(stage.state_of(due) == "destroyed");
    }
    void let_recorder_live() {
        stage.site.recorder_status = stage.root() / "status.json";
        status::RecorderStatus living;
        living.written = stage.clock.at;
        std::ofstream{stage.site.recorder_status} << status::to_json(living);
    }
};

TEST_CASE(
    "an unconfirmed catalogue refuses a purge until it is confirmed, and the database by itself",
    "[pg][purge]"
) {
    Guarded guarded;
    REQUIRE(
        catalogue::begin_rebuild(guarded.stage.owner, ledger::system_actor("test"), kPurgeNow)
            .error()
            .label() == "not_empty"
    );
    guarded.stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()"
    );
    guarded.check_refused("CATALOGUE_UNCONFIRMED");
    guarded.check_refused(
        "CATALOGUE_UNCONFIRMED", {.consent = {.plan = true, .clock = true}, .principal = "cron"}
    );
    const ledger::Act act{
        .action = "retention.confirmed",
        .actor = ledger::system_actor("sluice"),
        .subject = {"catalogue", "1"}
    };
    CHECK(take(catalogue::confirm_catalogue(guarded.stage.worker, act, kPurgeNow)));
    CHECK_FALSE(take(catalogue::confirm_catalogue(guarded.stage.worker, act, kPurgeNow)));
    guarded.check_runs();
}

TEST_CASE(
    "a clock set back before the newest act refuses, and footage is safe from one set forward",
    "[pg][purge]"
) {
    Guarded guarded;
    const ledger::Act act{
        .action = "clip.opened", .actor = ledger::system_actor("sluice-api"), .subject = {"clip", "1"}
    };
    take(catalogue::append_record(guarded.stage.worker, act, kPurgeNow + 1h));
    guarded.check_refused("CLOCK_BEFORE_LEDGER");
    guarded.check_refused(
        "CLOCK_BEFORE_LEDGER", {.consent = {.plan = false, .clock = true}, .principal = "cron"}
    );
    guarded.stage.clock.at = kPurgeNow + 1h;
    guarded.check_runs();
}

TEST_CASE(
    "a clock that ran a year ahead while the recorder lives needs a confirmation, which is an act",
    "[pg][purge]"
) {
    Guarded guarded;
    guarded.stage.clock.at = kPurgeNow + days{365};
    guarded.let_recorder_live();
    guarded.check_refused("CLOCK_DOUBTFUL");
    guarded.stage.clock.at = kPurgeNow;
    guarded.let_recorder_live();
    guarded.stage.database.execute("DELETE FROM ledger_records");  // the refusal was noted at the wrong time
    guarded.check_runs();

    Guarded confirmed;
    confirmed.stage.clock.at = kPurgeNow + 2h;
    confirmed.let_recorder_live();
    confirmed.check_refused("CLOCK_DOUBTFUL");
    confirmed.check_runs({.consent = {.plan = false, .clock = true}, .principal = "cron"});
    CHECK(confirmed.stage.acts("purge.clock_confirmed") == "1");
}

TEST_CASE(
    "a host without synchronised clock for over a day refuses; an earlier purge or a run says when it was",
    "[pg][purge]"
) {
    Guarded guarded;
    guarded.stage.clock.synchronised = false;
    guarded.check_refused("CLOCK_UNSYNCHRONISED");
    guarded.stage.clock.synchronised.reset();
    guarded.check_refused("CLOCK_UNSYNCHRONISED");
    // Another installation's host was.
    take(catalogue::save_clock_sighting(guarded.stage.worker, make_uuid_v7(kPurgeNow), kPurgeNow - 1h));
    guarded.check_refused("CLOCK_UNSYNCHRONISED");
    SECTION("it was seen synchronised within a day") {
        const Uuid& installation = guarded.stage.site.installation_id;
        take(catalogue::save_clock_sighting(guarded.stage.worker, installation, kPurgeNow - 23h));
        guarded.check_runs();
    }
    SECTION("the operator has looked at it") {
        guarded.check_runs({.consent = {.plan = false, .clock = true}, .principal = "cron"});
    }
}

TEST_CASE("a database of another version refuses, in the worker too", "[pg][purge]") {
    Guarded guarded;
    guarded.stage.database.execute(
        "INSERT INTO schema_migrations (version, name, sha256) VALUES (9999, 'later', sha256(''))"
    );
    guarded.check_refused("DATABASE_NOT_MIGRATED");
    guarded.check_refused(
        "DATABASE_NOT_MIGRATED", {.consent = {.plan = true, .clock = true}, .principal = "cron"}
    );
    guarded.stage.database.execute("DELETE FROM schema_migrations WHERE version = 9999");
    guarded.check_runs();
}

TEST_CASE("a volume with another's identity refuses the whole purge", "[pg][purge]") {
    Guarded guarded;
    PurgeVolume& volume = guarded.stage.site.volumes[0];
    const PurgeVolume right = volume;
    volume.id = make_uuid_v7(kPurgeNow);  // another volume of this installation
    guarded.check_refused("VOLUME_WRONG");
    volume = right;
    volume.installation_id = make_uuid_v7(kPurgeNow);
    guarded.check_refused("VOLUME_WRONG");
    volume = right;
    std::ofstream{guarded.stage.root() / volume::kIdentityFile} << "{";
    guarded.check_refused("VOLUME_WRONG");
}

TEST_CASE("footage on a volume that is not there stays, and the purge of the others goes on", "[pg][purge]") {
    Guarded guarded;
    guarded.stage.site.volumes.clear();
    const auto report = guarded.stage.purge();
    CHECK_FALSE(report.run);
    CHECK(report.plan.kept.at(Rule::other_volume).segments == 1);
    CHECK(guarded.stage.state_of(guarded.due) == "whole");
}

TEST_CASE("an audit log that does not take or sign a record refuses", "[pg][purge]") {
    Guarded guarded;
    guarded.stage.site.wait_signed = [](const Uuid&) -> Status {
        return failure(Remedy::retry, "no checkpoint", "LEDGER_UNAVAILABLE");
    };
    guarded.check_refused("LEDGER_UNAVAILABLE");
    guarded.stage.site.wait_signed = [](const Uuid&) { return Status{}; };
    guarded.stage.database.execute(
        "REVOKE INSERT ON ledger_records FROM sluice_worker;"
        "REVOKE INSERT (id, at, action, record, salt) ON ledger_records FROM sluice_worker"
    );
    const auto report = guarded.stage.purge();
    CHECK(codes(report) == "LEDGER_UNAVAILABLE");
    CHECK(guarded.stage.state_of(guarded.due) == "whole");
    CHECK(guarded.stage.count("purge_runs") == "0");
}

TEST_CASE(
    "a log that stops signing in the middle of a purge stops it; what went is certified",
    "[pg][purge]"
) {
    PurgeStage stage;
    const auto first = stage.record(days{40}).row;
    const auto second = stage.record(days{35}).row;
    int records = 0;
    stage.site.wait_signed = [&records](const Uuid&) -> Status {
        if (++records < 3) return {};  // the request and the first day
        return failure(Remedy::retry, "no checkpoint", "LEDGER_UNAVAILABLE");
    };
    const auto report = stage.purge();
    REQUIRE(report.run);
    CHECK(report.run->state == PurgeState::certified);
    CHECK(report.run->error == "no checkpoint");
    CHECK(stage.state_of(first) == "destroyed");
    CHECK(stage.state_of(second) == "whole");
    records = -100;
    CHECK(stage.purge().run->error.empty());
    CHECK(stage.state_of(second) == "destroyed");
}

TEST_CASE("a plan larger than the policy's guard needs a confirmation", "[pg][purge]") {
    Guarded guarded;
    guarded.stage.has_guard = true;
    guarded.check_refused("PLAN_TOO_LARGE");  // half of two segments, 20 % may go
    guarded.check_runs({.consent = {.plan = true, .clock = false}, .principal = "cron"});
}

TEST_CASE(
    "the database destroys nothing that is held, unmarked or in doubt, whatever the worker says",
    "[pg][purge][rights]"
) {
    Guarded guarded;
    PurgeStage& stage = guarded.stage;
    catalogue::PurgeRunRow run;
    run.id = make_uuid_v7(kPurgeNow);
    run.principal = "cron";
    run.planned = kPurgeNow;
    take(catalogue::save_purge_run(stage.worker, run));
    const auto destroy = [&](const std::string& as, const std::string& function = "destroy_marked") {
        pqxx::connection connection{stage.database.conninfo(as)};
        pqxx::work transaction{connection};
        try {
            transaction.exec(
                "SELECT " + function + "('" + to_string(run.id) + "', ARRAY['" + to_string(guarded.due.id) +
                "']::uuid[], " + (function == "finish_marked" ? "" : "0, ") + "from_us(" +
                std::to_string(to_epoch_us(kPurgeNow)) + "))"
            );
            transaction.commit();
        } catch (const pqxx::sql_error& error) {
            return std::string{error.what()};
        }
        return std::string{"done"};
    };
    using Catch::Matchers::Contains;
    CHECK_THAT(destroy("sluice_worker"), Contains("is not running"));
    take(catalogue::move_purge_run(stage.worker, run.id, PurgeState::running, kPurgeNow, {}, nullptr));
    CHECK_THAT(destroy("sluice_worker"), Contains("only 0 of 1"));
    for (const char* role : {"sluice_api", "sluice_recorder", "sluice_auditor"})
        CHECK_THAT(destroy(role), Contains("permission denied"));
    stage.database.execute(
        "INSERT INTO purge_marks SELECT id, from_at, '" + to_string(run.id) +
        "', 'RET_WINDOW' FROM segments WHERE id = '" + to_string(guarded.due.id) + "'"
    );
    const Uuid hold = stage.hold(guarded.due.range);
    CHECK_THAT(destroy("sluice_worker"), Contains("is held"));
    // What was gone before it was held is finished with an incident, and by the worker alone.
    CHECK_THAT(destroy("sluice_worker", "finish_marked"), Contains("no incident names"));
    CHECK_THAT(destroy("sluice_api", "finish_marked"), Contains("permission denied"));
    CHECK_THAT(destroy("sluice_worker", "bury_marked"), Contains("permission denied"));
    stage.release(hold);
    stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    CHECK_THAT(destroy("sluice_worker"), Contains("unconfirmed"));
    stage.database.execute("SELECT confirm_catalogue(now())");
    CHECK(destroy("sluice_worker") == "done");
    CHECK_THAT(destroy("sluice_worker"), Contains("only 0 of 1"));
}

TEST_CASE("a purge run's state is never taken back", "[pg][purge]") {
    PurgeStage stage;
    stage.record(days{31});
    const auto report = stage.purge();
    for (const auto state :
         {PurgeState::planned, PurgeState::running, PurgeState::verified, PurgeState::aborted})
        CHECK_FALSE(catalogue::move_purge_run(stage.worker, report.run->id, state, kPurgeNow, "why", nullptr)
        );
}

}  // namespace
}  // namespace sluice::retention
