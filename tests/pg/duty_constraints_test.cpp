#include "storage/catalogue/incident_repository.hpp"
#include "tests/pg/account_stage.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

/// Rows as the owner writes them, whom no missing right holds back.
struct Ledgerless {
    AccountStage stage{};
    Pool worker{stage.site.database.conninfo("sluice_worker"), 1};
    pqxx::connection owner{stage.site.database.conninfo("sluice_super")};
    std::string person = to_string(stage.create("王秘書", {"secretariat"}));

    /// What stands against the statements: a constraint, or the text of a trigger; "nothing" when they pass.
    /// Nothing is kept.
    [[nodiscard]] std::string violated(const std::string& sql) {
        try {
            pqxx::work transaction{owner};
            transaction.exec(sql);
            transaction.exec("SET CONSTRAINTS ALL IMMEDIATE");
            return "nothing";
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
    }
    [[nodiscard]] bool is_refused(const std::string& sql, const std::string& words) {
        return violated(sql).find(words) != std::string::npos;
    }
    [[nodiscard]] std::string raise() {
        const NewIncident incident{
            .id = make_uuid_v7(kStart),
            .kind = duty::IncidentKind::power,
            .opened = kStart,
            .cause = "x",
            .actor = ledger::system_actor("sluice-worker")
        };
        need(raise_incident(worker, incident));
        return to_string(incident.id);
    }
    /// An entry of a day, all in order but for what is changed.
    [[nodiscard]] std::string entry(
        const std::string& day,
        int version,
        bool works,
        const std::string& remark,
        const std::string& reason
    ) const {
        return "INSERT INTO inspections VALUES ('" + day + "', " + std::to_string(version) + ", " +
               (works ? "true" : "false") + ", false, true, false, '" + remark + "', '" + reason + "', '" +
               person + "', '王秘書', now());";
    }
};

TEST_CASE(
    "an incident changes its state with the step that led to it, and not after its end",
    "[pg][incidents][constraints]"
) {
    Ledgerless desk;
    const std::string id = desk.raise();
    const std::string move =
        "UPDATE incidents SET state = 'triaged', state_since = '2026-11-23T11:00:00Z' WHERE id = '" + id +
        "';";
    const auto step = [&](const char* to) {
        return "INSERT INTO incident_steps VALUES (gen_random_uuid(), '" + id +
               "', '2026-11-23T11:00:00Z', 'triage', 'detected', '" + to + "', 'handler', '" + desk.person +
               "', '王秘書', '{}');";
    };
    CHECK(desk.is_refused(move, "no step leads to triaged"));
    CHECK(desk.is_refused(step("closed") + move, "no step leads to triaged"));
    CHECK(desk.violated(step("triaged") + move) == "nothing");
    CHECK(
        desk.violated("UPDATE incidents SET state = 'gone' WHERE id = '" + id + "'") ==
        "incidents_state_known"
    );
    CHECK(
        desk.violated("UPDATE incidents SET severity = 'huge' WHERE id = '" + id + "'") ==
        "incidents_severity_known"
    );
    const std::string end = "INSERT INTO incident_steps VALUES (gen_random_uuid(), '" + id +
                            "', '2026-11-23T11:00:00Z', 'dismiss', 'detected', 'false_alarm', 'head', '" +
                            desk.person +
                            "', '王秘書', '{}'); UPDATE incidents SET state = 'false_alarm', state_since = "
                            "'2026-11-23T11:00:00Z' WHERE id = '" +
                            id + "';";
    CHECK(desk.violated(end) == "nothing");
    CHECK(desk.is_refused(
        end + "UPDATE incidents SET severity = 'low' WHERE id = '" + id + "'", "has ended stays so"
    ));
    const std::string note =
        "INSERT INTO incident_notes VALUES (gen_random_uuid(), '" + id + "', now(), 'x', NULL, 'y');";
    CHECK(desk.violated(note) == "nothing");
    CHECK(desk.violated(note + "UPDATE incident_notes SET text = 'z'") != "nothing");
    CHECK(desk.violated(note + "DELETE FROM incident_notes") != "nothing");
    const std::string link =
        "INSERT INTO incident_links VALUES ('" + id + "', 'planet', 'x', '', now(), NULL, 'y');";
    CHECK(desk.violated(link) == "incident_links_kind_known");
}

TEST_CASE(
    "an entry of the sheet explains a fault, has its place in the versions, and ends with the month",
    "[pg][inspections][constraints]"
) {
    Ledgerless desk;
    CHECK(desk.violated(desk.entry("2026-11-23", 1, true, "", "")) == "nothing");
    CHECK(desk.violated(desk.entry("2026-11-23", 1, false, "", "")) == "inspections_fault_has_remark");
    CHECK(desk.violated(desk.entry("2026-11-23", 2, true, "", "")) == "inspections_version_positive");
    CHECK(desk.violated(desk.entry("2026-11-23", 1, true, "", "x")) == "inspections_version_positive");
    CHECK(
        desk.violated(desk.entry("2026-11-23", 1, true, "", "") + "UPDATE inspections SET remark = 'x'") !=
        "nothing"
    );
    const std::string close =
        "INSERT INTO inspection_months VALUES ('2026-11-01', now(), '" + desk.person + "', '主任', '{}');";
    CHECK(desk.violated(close) == "nothing");
    CHECK(desk.is_refused(close + desk.entry("2026-11-30", 1, true, "", ""), "the month is closed"));
    CHECK(desk.violated(close + desk.entry("2026-12-01", 1, true, "", "")) == "nothing");
    CHECK(
        desk.violated(
            "INSERT INTO inspection_months VALUES ('2026-11-02', now(), '" + desk.person + "', '主任', '{}')"
        ) == "inspection_months_first_day"
    );
}

TEST_CASE(
    "duties, periods, repairs and follow-ups that make no sense are refused by the tables",
    "[pg][duty][constraints]"
) {
    Ledgerless desk;
    const auto duty = [](const std::string& recurs, const std::string& numbers) {
        return "INSERT INTO duties (id, kind, name, owner, recurs, on_weekday, on_month, on_day, starts_on, "
               "placer) VALUES "
               "(gen_random_uuid(), 'other', 'x', 'admin', '" +
               recurs + "', " + numbers + ", '2026-11-23', 'x');";
    };
    CHECK(desk.violated(duty("weekly", "1, NULL, NULL")) == "nothing");
    CHECK(desk.violated(duty("weekly", "NULL, NULL, NULL")) == "duties_recurrence");
    CHECK(desk.violated(duty("working_daily", "1, NULL, NULL")) == "duties_recurrence");
    CHECK(desk.violated(duty("yearly", "NULL, 2, NULL")) == "duties_recurrence");
    CHECK(desk.violated(duty("hourly", "NULL, NULL, NULL")) == "duties_recurrence");
    CHECK(desk.violated(duty("weekly", "8, NULL, NULL")) == "duties_days_known");
    const auto period = [&](const std::string& kind, const std::string& to) {
        return "INSERT INTO duty_periods (id, kind, name, reason, from_at, to_at, raises, placed_by, placer, "
               "placed_at) VALUES "
               "(gen_random_uuid(), '" +
               kind + "', 'x', 'y', '2026-11-23', " + to + ", 1, '" + desk.person + "', 'z', now());";
    };
    CHECK(desk.violated(period("eoc", "NULL")) == "nothing");
    CHECK(desk.violated(period("special", "NULL")) == "duty_periods_special_ends");
    CHECK(desk.violated(period("special", "'2026-11-23'")) == "duty_periods_not_empty");
    CHECK(desk.violated(period("war", "'2026-11-24'")) == "duty_periods_kind_known");
    const std::string repair =
        "INSERT INTO repairs (id, source, title, detail, opened_at, opener) VALUES (gen_random_uuid(), 'a', "
        "'x', '', now(), 'y');";
    CHECK(desk.violated(repair) == "nothing");
    CHECK(desk.violated(repair + repair) == "repairs_source_once");
    CHECK(desk.violated(repair + "UPDATE repairs SET ended_at = now()") == "repairs_ended_whole");
    const std::string end =
        "UPDATE repairs SET ended_at = now(), ender_id = '" + desk.person + "', ender = 'x', result = 'y';";
    CHECK(desk.violated(repair + end) == "nothing");
    CHECK(desk.is_refused(repair + end + end, "has ended stays so"));
    const std::string follow =
        "INSERT INTO follow_ups (id, item, owner, source, due_on, opened_at, opener_id, opener) VALUES "
        "(gen_random_uuid(), 'x', 'y', 'z', '2026-11-23', now(), '" +
        desk.person + "', 'a');";
    const std::string close = "UPDATE follow_ups SET closed_at = now(), closer_id = '" + desk.person +
                              "', closer = 'x', evidence = 'y';";
    CHECK(desk.violated(follow + close) == "nothing");
    CHECK(desk.violated(follow + "UPDATE follow_ups SET closed_at = now()") == "follow_ups_closed_whole");
    CHECK(desk.is_refused(follow + close + close, "was closed stays so"));
}

}  // namespace
}  // namespace sluice::catalogue
