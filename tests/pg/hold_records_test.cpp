// Holds that programs and incidents place and end are in the audit log like those of persons.
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/incident_case_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "tests/pg/account_stage.hpp"

namespace sluice::catalogue {
namespace {

TEST_CASE(
    "the end of an incident's hold is in the audit log with the step that ends it",
    "[pg][hold][incidents]"
) {
    AccountStage stage;
    Pool worker{stage.site.database.conninfo("sluice_worker"), 1};
    const Uuid person = stage.create("王小明", {"secretariat"});
    const NewIncident incident{
        .id = make_uuid_v7(kStart),
        .kind = duty::IncidentKind::cyber,
        .opened = kStart,
        .cause = "a login from abroad",
        .subject = "{}",
        .actor = ledger::system_actor("sluice-worker"),
    };
    REQUIRE(need(raise_incident(worker, incident)));
    HoldRow hold;
    hold.id = make_uuid_v7(kStart);
    hold.kind = HoldKind::incident;
    hold.range = {kStart, kStart + 1h};
    hold.cameras = {stage.site.inventory.cameras[0].id};
    hold.reason = "a login";
    hold.owner_kind = "incident";
    hold.owner_id = incident.id;
    hold.owner = "incident";
    hold.expires = kStart + 30 * 24h;
    hold.placer = "sluice-worker";
    hold.placed = kStart;
    REQUIRE(need(place_hold(worker, hold, ledger::system_actor("sluice-worker"))) == HoldPlacing::placed);
    const auto record = [&](const std::string& action, const std::string& path) {
        return stage.site.database.query(
            "SELECT record::jsonb #>> '{" + path + "}' FROM ledger_records WHERE action = '" + action + "'"
        );
    };
    CHECK(record("hold.placed", "facts,cameras") == R"(["drive-left"])");
    CHECK(from_rfc3339(record("hold.placed", "facts,expires")).value() == hold.expires);

    const TakenIncidentStep ended{
        .id = incident.id,
        .from = duty::IncidentState::detected,
        .to = duty::IncidentState::false_alarm,
        .action = "dismiss",
        .part = "handler",
        .severity = {},
        .actor = {.id = person, .name = "王小明", .role = "secretariat"},
        .facts = "{}",
    };
    REQUIRE(need(take_incident_step(stage.api, ended, kStart + 2h)));
    CHECK(need(find_hold(stage.api, hold.id))->expires == kStart + 2h);
    CHECK(record("hold.limited", "subject,id") == to_string(hold.id));
    CHECK(record("hold.limited", "facts,reason") == "incident.dismiss");
    CHECK(from_rfc3339(record("hold.limited", "facts,expires,to")).value() == kStart + 2h);
    CHECK(from_rfc3339(record("hold.limited", "facts,expires,from")).value() == hold.expires);
}

}  // namespace
}  // namespace sluice::catalogue
