#include "storage/catalogue/incident_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "tests/pg/account_stage.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

using duty::IncidentKind;

NewIncident cyber(UtcTime at) {
    return {
        .id = make_uuid_v7(at),
        .kind = IncidentKind::cyber,
        .opened = at,
        .cause = "a login from abroad",
        .subject = R"({"recorder":"xvr-1"})",
        .actor = ledger::system_actor("sluice-worker"),
    };
}

struct Desk {
    AccountStage stage{};
    Pool worker{stage.site.database.conninfo("sluice_worker"), 1};

    [[nodiscard]] std::string query(const std::string& sql) const { return stage.site.database.query(sql); }
    [[nodiscard]] std::string severity_of(const NewIncident& incident) const {
        return query("SELECT severity FROM incidents WHERE id = '" + to_string(incident.id) + "'");
    }
    /// A duty period that raises by `steps`, around `at`.
    void place_period(UtcTime from, UtcTime to, int steps) const {
        const std::string person = query("SELECT id FROM principals WHERE name = '王小明'");
        stage.site.database.execute(
            "INSERT INTO duty_periods (id, kind, name, reason, from_at, to_at, raises, placed_by, placer, "
            "placed_at) "
            "VALUES (gen_random_uuid(), 'special', '國慶', '特別勤務', '" +
            to_rfc3339(from) + "', '" + to_rfc3339(to) + "', " + std::to_string(steps) + ", '" + person +
            "', '王小明', now())"
        );
    }
};

TEST_CASE(
    "an incident, its record and its notice are one act, and one id is one incident",
    "[pg][incidents]"
) {
    Desk desk;
    const NewIncident incident = cyber(kStart);
    CHECK(need(raise_incident(desk.worker, incident)));
    CHECK_FALSE(need(raise_incident(desk.worker, incident)));
    CHECK(
        desk.query("SELECT concat_ws(' ', count(*), min(state), min(severity), min(subject->>'recorder')) "
                   "FROM incidents") == "1 detected high xvr-1"
    );
    CHECK(desk.stage.records("incident.raised") == 1);
    CHECK(
        desk.query("SELECT concat_ws(' ', kind, audience, count(*)) FROM notices GROUP BY kind, audience") ==
        "incident_raised secretariat 1"
    );
}

TEST_CASE("an incident of a transaction that is rolled back was never raised", "[pg][incidents]") {
    Desk desk;
    need(desk.worker.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        return raise_incident(transaction, cyber(kStart)) ? Status{}
                                                          : failure(Remedy::refuse, "not raised", "X");
    }));
    CHECK(desk.query("SELECT count(*) FROM incidents") == "0");
    CHECK(desk.stage.records("incident.raised") == 0);
}

TEST_CASE("in a duty period an incident weighs more, whoever raises it", "[pg][incidents][duty]") {
    Desk desk;
    desk.stage.create("王小明", {"secretariat"});
    desk.place_period(kStart, kStart + 1h, 1);
    desk.place_period(kStart + 30min, kStart + 1h, 2);
    const auto weight = [&](UtcTime at, IncidentKind kind) {
        NewIncident incident = cyber(at);
        incident.kind = kind;
        need(raise_incident(desk.worker, incident));
        return desk.severity_of(incident);
    };
    CHECK(weight(kStart - 1us, IncidentKind::door_held) == "low");
    CHECK(weight(kStart, IncidentKind::door_held) == "medium");
    CHECK(weight(kStart + 30min, IncidentKind::door_held) == "high");  // the one that raises most counts
    CHECK(weight(kStart + 30min, IncidentKind::cyber) == "critical");
    CHECK(weight(kStart + 1h, IncidentKind::door_held) == "low");
}

TEST_CASE("the same trouble with the storage is one incident a day", "[pg][incidents]") {
    Desk desk;
    const auto file = [&](const std::string& cause, UtcTime at) {
        return need(file_storage_incident(desk.worker, cause, "{}", "sluice-worker", at));
    };
    CHECK(file("volume 1 is full", kStart));
    CHECK_FALSE(file("volume 1 is full", kStart + 24h - 1s));
    CHECK(file("volume 2 is full", kStart + 1h));
    CHECK(file("volume 1 is full", kStart + 24h));
}

TEST_CASE("every kind of notice that the program knows can be filed", "[pg][notices][incidents]") {
    Desk desk;
    pqxx::connection connection{desk.stage.site.database.conninfo("sluice_worker")};
    for (std::size_t index = 0; index < kNoticeKinds; ++index) {
        const auto kind = static_cast<NoticeKind>(index);
        CAPTURE(to_string(kind));
        pqxx::work transaction{connection};
        CHECK(raise_notice(
            transaction, {.kind = kind, .subject_id = make_uuid_v7(kStart), .audience = "secretariat"}, kStart
        ));
    }
}

}  // namespace
}  // namespace sluice::catalogue
