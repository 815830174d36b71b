#include "jobs/duty_keeper.hpp"

#include "storage/catalogue/duty_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/inspection_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "tests/pg/account_stage.hpp"
#include "tests/support/captured_log.hpp"

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using catalogue::need;

/// A worker's eyes on a small installation, at any time. The calendar is assumed: Monday to Friday.
struct Watch {
    catalogue::AccountStage stage{};
    catalogue::Pool worker{stage.site.database.conninfo("sluice_worker"), 1};
    config::Config config{};
    volume::RealFiles files{};
    RealClock clock{};
    Tools tools{worker, config, files, clock};
    policy::History history = need(catalogue::load_policy_history(worker));
    calendar::Calendar calendar{};

    Watch() { execute("UPDATE duties SET retired_at = now()"); }
    void execute(const std::string& sql) const { stage.site.database.execute(sql); }
    [[nodiscard]] DutyKeeper::Round at(UtcTime now) const { return {tools, history, calendar, now}; }
    [[nodiscard]] static UtcTime noon(const char* day) {
        return calendar::start_of(*calendar::date_from(day)) + 12h;
    }
    [[nodiscard]] std::string notices(const std::string& kind) const {
        return stage.site.database.query(
            "SELECT coalesce(string_agg(concat_ws(' ', audience, days_ahead), ',' ORDER BY days_ahead DESC, "
            "audience), '') FROM notices "
            "WHERE kind = '" +
            kind + "'"
        );
    }
};

TEST_CASE(
    "a security incident that nobody reports is told to three, once, when its hour is over",
    "[pg][duty][incidents]"
) {
    Watch watch;
    const UtcTime now = Watch::noon("2026-11-25");
    const auto raise = [&](duty::IncidentKind kind) {
        need(catalogue::raise_incident(
            watch.worker,
            {.id = make_uuid_v7(now),
             .kind = kind,
             .opened = now,
             .cause = "x",
             .actor = ledger::system_actor("sluice-worker")}
        ));
    };
    raise(duty::IncidentKind::leak);
    raise(duty::IncidentKind::door_held);
    need(DutyKeeper::tell_late_incidents(watch.at(now + 1h - 1us)));
    CHECK(watch.notices("incident_due").empty());
    need(DutyKeeper::tell_late_incidents(watch.at(now + 1h)));
    need(DutyKeeper::tell_late_incidents(watch.at(now + 2h)));
    CHECK(watch.notices("incident_due") == "director 0,ethics 0,secretariat 0");
    need(DutyKeeper::tell_late_incidents(watch.at(now + 24h)));
    CHECK(watch.notices("incident_due") == "director 0,ethics 0,secretariat 0,secretariat 0");
}

TEST_CASE(
    "a sheet that is late is told to the secretariat, one that was missed to the head",
    "[pg][duty][inspections]"
) {
    Watch watch;
    const UtcTime monday = calendar::start_of(*calendar::date_from("2026-11-23"));
    const auto tell = [&](UtcTime now) { need(DutyKeeper::tell_late_inspections(watch.at(now))); };
    tell(monday + 9h);
    CHECK(watch.notices("inspection_late").empty());  // nobody is there who would fill it
    const Uuid secretary = watch.stage.create("王秘書", {"secretariat"});
    tell(monday + 8h + 30min - 1us);
    CHECK(watch.notices("inspection_late").empty());  // the Sunday before asks for none
    tell(monday + 8h + 30min);
    tell(monday + 9h);
    CHECK(watch.notices("inspection_late") == "secretariat 0");
    tell(monday + 25h);
    CHECK(watch.notices("inspection_late") == "secretariat 0,unit_head 0");
    const auto tuesday = *calendar::date_from("2026-11-24");
    need(catalogue::fill_inspection(
        watch.stage.api,
        {.day = tuesday,
         .version = 1,
         .access = {},
         .cctv = {},
         .remark = {},
         .reason = {},
         .person = {},
         .at = {}},
        {.id = secretary, .name = "王秘書", .role = "secretariat"},
        monday + 32h
    ));
    tell(monday + 33h);
    CHECK(watch.notices("inspection_late") == "secretariat 0,unit_head 0");
}

TEST_CASE("a duty's owner is told ahead of it, and once more when it is late", "[pg][duty]") {
    Watch watch;
    const Uuid person = watch.stage.create("王秘書", {"secretariat"});
    const ledger::Actor actor{.id = person, .name = "王秘書", .role = "secretariat"};
    catalogue::DutyRow duty{
        .id = make_uuid_v7(catalogue::kStart),
        .kind = "xvr_check",
        .name = "主機檢查",
        .owner = "admin",
        .recurrence = {.recurs = duty::Recurs::monthly, .day = 28},
        .starts = *calendar::date_from("2026-11-01"),
        .retired = std::nullopt,
        .placer = {}
    };
    need(catalogue::create_duty(watch.stage.api, duty, actor, catalogue::kStart));
    // A Saturday, so it is due on Monday 30 November.
    const auto tell = [&](const char* day) { need(DutyKeeper::tell_duties(watch.at(Watch::noon(day)))); };
    tell("2026-11-22");
    CHECK(watch.notices("duty_due").empty());
    tell("2026-11-23");
    tell("2026-11-24");
    CHECK(watch.notices("duty_due") == "admin 7");
    tell("2026-11-29");
    CHECK(watch.notices("duty_due") == "admin 7,admin 1");
    tell("2026-12-01");
    CHECK(watch.notices("duty_due") == "admin 7,admin 1,admin 0");
    need(catalogue::do_duty(
        watch.stage.api,
        duty.id,
        {.turn = *calendar::date_from("2026-11-28"),
         .done = {},
         .note = "已檢查",
         .evidence = "{}",
         .person = {}},
        actor,
        Watch::noon("2026-12-02")
    ));
    watch.execute("DELETE FROM notices");
    tell("2026-12-03");
    CHECK(watch.notices("duty_due").empty());
}

TEST_CASE(
    "the machine's evidence of a day is taken once the day is over, on days off too",
    "[pg][duty][inspections]"
) {
    Watch watch;
    const UtcTime sunday = Watch::noon("2026-11-29");
    need(DutyKeeper::take_evidence(watch.at(sunday)));
    const auto days = [&] {
        return watch.stage.site.database.query(
            "SELECT coalesce(string_agg(day::text || cctv_ok, ' ' ORDER BY day), '') FROM inspection_evidence"
        );
    };
    // The cameras are known since the 23rd.
    CHECK(
        days() ==
        "2026-11-23false 2026-11-24false 2026-11-25false 2026-11-26false 2026-11-27false 2026-11-28false"
    );
    need(DutyKeeper::take_evidence(watch.at(sunday + 24h)));
    CHECK(days().ends_with("2026-11-29false"));
    CHECK(
        watch.stage.site.database.query(
            "SELECT facts->'cameras'->0->>'per_mille' FROM inspection_evidence LIMIT 1"
        ) == "0"
    );
}

TEST_CASE(
    "a camera without picture and an incident of a fault get one repair ticket each",
    "[pg][duty][repairs]"
) {
    Watch watch;
    const UtcTime now = catalogue::kStart + 48h;
    watch.execute(
        "INSERT INTO gaps (id, stream_id, from_at, cause, detail) VALUES (gen_random_uuid(), '" +
        to_string(watch.stage.site.main) + "', '" + to_rfc3339(now - 1h) +
        "', 'camera_unreachable', 'no route')"
    );
    need(DutyKeeper::open_repairs(watch.at(now - 1us)));
    const auto tickets = [&] {
        return watch.stage.site.database.query(
            "SELECT coalesce(string_agg(split_part(source, ':', 1), ' ' ORDER BY source), '') FROM repairs"
        );
    };
    CHECK(tickets().empty());
    need(DutyKeeper::open_repairs(watch.at(now)));
    need(DutyKeeper::open_repairs(watch.at(now + 1h)));
    CHECK(tickets() == "gap");
    need(catalogue::raise_incident(
        watch.worker,
        {.id = make_uuid_v7(now),
         .kind = duty::IncidentKind::controller_failure,
         .opened = now,
         .cause = "controller main is silent",
         .actor = ledger::system_actor("sluice-worker")}
    ));
    need(DutyKeeper::open_repairs(watch.at(now + 1h)));
    CHECK(tickets() == "gap incident");
    CHECK(watch.notices("repair_opened") == "secretariat 0,secretariat 0");
    CHECK(watch.stage.records("repair.opened") == 2);
}

TEST_CASE("that nobody is named to be called is said once a day, and stops nothing", "[pg][duty][contacts]") {
    Watch watch;
    DutyKeeper keeper;
    test::CapturedLog log;
    need(keeper.tick(watch.tools, {}));
    need(keeper.tick(watch.tools, {}));
    CHECK(log.count("contacts_missing") == 1);
}

}  // namespace
}  // namespace sluice::jobs
