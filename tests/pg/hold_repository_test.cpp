#include "storage/catalogue/hold_repository.hpp"

#include "config/base/token.hpp"
#include "storage/catalogue/detail/holds.hpp"
#include "storage/catalogue/incident_case_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <future>

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

const ledger::Act kAct{
    .action = "hold.changed",
    .actor = {.id = {}, .name = "秘書", .role = "secretariat"},
    .subject = {"hold", "1"}
};

struct Vault {
    Site site;
    Pool owner{site.database.conninfo("sluice_super"), 1};
    Pool api{site.database.conninfo("sluice_api"), 2};
    Pool worker{site.database.conninfo("sluice_worker"), 2};
    Uuid keeper = need(create_person_token(owner, "秘書", {"secretariat"}, token_hash(make_token()), kStart))
                      .value()
                      .id;

    [[nodiscard]] HoldRow hold(TimeRange range, std::vector<Uuid> cameras) const {
        HoldRow row;
        row.id = make_uuid_v7(kStart);
        row.range = range;
        row.cameras = std::move(cameras);
        row.reason = "a bicycle was stolen";
        row.owner_id = keeper;
        row.owner = "秘書";
        row.expires = kStart + 100 * 24h;
        row.placer_id = keeper;
        row.placer = "秘書";
        row.placed = kStart;
        return row;
    }
    [[nodiscard]] Uuid camera(std::size_t index) const { return site.inventory.cameras[index].id; }
};

TEST_CASE("a hold is placed, found, extended and released, each once", "[pg][hold]") {
    Vault vault;
    HoldRow hold = vault.hold({kStart, kStart + 1h}, {vault.camera(0), vault.camera(1)});
    std::ranges::sort(hold.cameras, {}, [](const Uuid& id) { return to_string(id); });
    CHECK(need(place_hold(vault.api, hold, kAct.actor)) == HoldPlacing::placed);
    CHECK(need(place_hold(vault.api, hold, kAct.actor)) == HoldPlacing::is_there);
    auto found = need(find_hold(vault.api, hold.id)).value();
    CHECK(found.cameras == hold.cameras);
    CHECK(found.range == hold.range);
    CHECK(found.reason == hold.reason);
    CHECK(state_at(found, kStart) == HoldState::active);
    CHECK(state_at(found, *hold.expires) == HoldState::expired);

    CHECK(need(extend_hold(vault.api, hold.id, 1, kStart + 200 * 24h, std::nullopt, kAct, kStart)));
    CHECK_FALSE(need(extend_hold(vault.api, hold.id, 1, kStart + 300 * 24h, std::nullopt, kAct, kStart)));
    CHECK(need(find_hold(vault.api, hold.id))->expires == kStart + 200 * 24h);
    CHECK(need(release_hold(vault.api, hold.id, 2, vault.keeper, {"秘書", kStart + 1h, "found"}, kAct)));
    CHECK_FALSE(need(release_hold(vault.api, hold.id, 3, vault.keeper, {"秘書", kStart + 2h, "again"}, kAct))
    );
    found = need(find_hold(vault.api, hold.id)).value();
    CHECK(state_at(found, kStart) == HoldState::released);
    REQUIRE(found.release);
    CHECK(found.release->reason == "found");
}

TEST_CASE("what a hold must have is refused by the table itself", "[pg][hold][article7]") {
    Vault vault;
    HoldRow hold = vault.hold({kStart, kStart + 1h}, {vault.camera(0)});
    SECTION("an end, unless it rests on the law") {
        hold.expires.reset();
    }
    SECTION("statute or case number, if it does") {
        hold.kind = HoldKind::judicial;
    }
    SECTION("a custodian and a review, if it is special") {
        hold.kind = HoldKind::special;
    }
    SECTION("a reason") {
        hold.reason.clear();
    }
    SECTION("an interval") {
        hold.range.to = hold.range.from;
    }
    const auto placed = place_hold(vault.api, hold, kAct.actor);
    REQUIRE_FALSE(placed);
    CHECK(placed.error().remedy() == Remedy::refuse);
    CHECK_FALSE(need(find_hold(vault.api, hold.id)));
}

TEST_CASE("holds are listed by camera, time and state, newest first", "[pg][hold]") {
    Vault vault;
    std::vector<HoldRow> holds;
    for (int i = 0; i < 3; ++i) {
        HoldRow hold = vault.hold({kStart + i * 1h, kStart + (i + 1) * 1h}, {vault.camera(i == 1 ? 1 : 0)});
        hold.placed = kStart + i * 1min;
        hold.expires = kStart + 24h * (i + 1);
        REQUIRE(need(place_hold(vault.api, hold, kAct.actor)) == HoldPlacing::placed);
        holds.push_back(hold);
    }
    const auto ids =
        [&](const HoldFilter& filter, std::optional<HoldCursor> after = {}, std::size_t limit = 10) {
            std::string text;
            for (const HoldRow& row : need(load_holds(vault.api, filter, after, limit)))
                for (std::size_t i = 0; i < holds.size(); ++i)
                    if (row.id == holds[i].id) text += std::to_string(i);
            return text;
        };
    CHECK(ids({}) == "210");
    CHECK(ids({}, HoldCursor{holds[2].placed, holds[2].id}, 1) == "1");
    CHECK(ids({.camera = vault.camera(0), .overlapping = {}, .active_at = {}}) == "20");
    CHECK(ids({.camera = {}, .overlapping = TimeRange{kStart + 1h, kStart + 90min}, .active_at = {}}) == "1");
    CHECK(ids({.camera = {}, .overlapping = {}, .active_at = kStart + 24h}) == "21");
}

TEST_CASE("a hold's impact counts whole segments that touch it", "[pg][hold]") {
    Vault vault;
    const Uuid run = make_uuid_v7(kStart);
    std::vector<FinishedRow> rows;
    for (int i = 0; i < 5; ++i)
        rows.push_back(vault.site.finished(vault.site.main, run, kStart + i * 60s));
    vault.site.save(rows);
    const auto impact = need(measure_hold(vault.api, {vault.camera(0)}, {kStart + 90s, kStart + 180s}));
    CHECK(impact.segments == 2);
    CHECK(impact.bytes == 2 * rows[0].row.bytes);
    CHECK(impact.oldest == kStart + 60s);
    CHECK(impact.length == 120s);
    CHECK(need(measure_hold(vault.api, {vault.camera(1)}, {kStart, kStart + 1h})).segments == 0);
}

TEST_CASE("whoever destroys keeps holds out until its batch is done", "[pg][hold]") {
    Vault vault;
    pqxx::connection connection{vault.site.database.conninfo("sluice_worker")};
    pqxx::work batch{connection};
    batch.exec("SELECT lock_holds_to_destroy()");
    const HoldRow hold = vault.hold({kStart, kStart + 1h}, {vault.camera(0)});
    std::atomic<bool> is_done{false};
    auto placing = std::async(std::launch::async, [&] {
        auto placed = place_hold(vault.api, hold, kAct.actor);
        is_done = true;
        return placed;
    });
    REQUIRE(test::eventually(10s, [&] {
        return vault.site.database.query(
                   "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
               ) == "1";
    }));
    CHECK_FALSE(is_done);
    CHECK(batch.exec("SELECT count(*) FROM holds")[0][0].as<int>() == 0);
    batch.commit();
    CHECK(need(placing.get()) == HoldPlacing::placed);
    pqxx::work next{connection};
    CHECK(next.exec("SELECT count(*) FROM holds")[0][0].as<int>() == 1);
}

/// A running incident, and a hold that is to be placed for it.
struct Owned : Vault {
    NewIncident incident{
        .id = make_uuid_v7(kStart),
        .kind = duty::IncidentKind::door_held,
        .opened = kStart,
        .cause = "open",
        .actor = ledger::system_actor("sluice-worker"),
    };
    HoldRow owned = hold({kStart, kStart + 1h}, {camera(0)});

    Owned() {
        REQUIRE(need(raise_incident(worker, incident)));
        owned.kind = HoldKind::incident;
        owned.owner_kind = "incident";
        owned.owner_id = incident.id;
        owned.placer_id = {};
    }
    Result<bool> end_incident() {
        return take_incident_step(
            api,
            {.id = incident.id,
             .from = duty::IncidentState::detected,
             .to = duty::IncidentState::false_alarm,
             .action = "dismiss",
             .part = "head",
             .severity = {},
             .actor = {.id = keeper, .name = "秘書", .role = "secretariat"},
             .facts = "{}"},
            kStart + 1min
        );
    }
    /// Somebody waits for a row that another holds.
    [[nodiscard]] bool is_waited() {
        return test::eventually(10s, [&] {
            return site.database.query(
                       "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                       "AND datname = current_database()"
                   ) == "1";
        });
    }
};

TEST_CASE("no hold is placed for an incident that ends in the same moment", "[pg][hold][incidents]") {
    Owned vault;
    const std::string id = to_string(vault.incident.id);
    pqxx::connection connection{vault.site.database.conninfo("sluice_super")};
    pqxx::work ending{connection};
    ending.exec(
        "UPDATE incidents SET state = 'false_alarm', state_since = opened_at WHERE id = '" + id + "'"
    );
    ending.exec(
        "INSERT INTO incident_steps (id, incident_id, at, action, from_state, to_state, part, principal_id, "
        "principal, facts) SELECT gen_random_uuid(), id, opened_at, 'dismiss', 'detected', 'false_alarm', "
        "'head', '" +
        to_string(vault.keeper) + "', '秘書', '{}' FROM incidents WHERE id = '" + id + "'"
    );
    auto placing =
        std::async(std::launch::async, [&] { return place_hold(vault.worker, vault.owned, kAct.actor); });
    const bool is_waited = vault.is_waited();
    ending.commit();
    CHECK(need(placing.get()) == HoldPlacing::owner_ended);
    CHECK(is_waited);
    CHECK_FALSE(need(find_hold(vault.api, vault.owned.id)));
    CHECK(
        vault.site.database.query("SELECT count(*) FROM ledger_records WHERE action = 'hold.changed'") == "0"
    );
}

TEST_CASE("a hold that is placed while its incident ends, ends with it", "[pg][hold][incidents]") {
    Owned vault;
    pqxx::connection connection{vault.site.database.conninfo("sluice_worker")};
    pqxx::work placing{connection};
    CHECK(placing.exec("SELECT lock_running_incident('" + to_string(vault.incident.id) + "')")[0][0].as<bool>(
    ));
    REQUIRE(need(detail::place_hold(placing, vault.owned, kAct.actor)));
    auto ending = std::async(std::launch::async, [&] { return vault.end_incident(); });
    const bool is_waited = vault.is_waited();
    placing.commit();
    CHECK(need(ending.get()));
    CHECK(is_waited);
    CHECK(state_at(need(find_hold(vault.api, vault.owned.id)).value(), kStart + 1min) == HoldState::expired);
    CHECK(need(place_hold(vault.worker, vault.owned, kAct.actor)) == HoldPlacing::owner_ended);
}

TEST_CASE("the end of a hold is told 30, 7 and 1 days ahead, each once", "[pg][hold]") {
    Vault vault;
    const HoldRow hold = vault.hold({kStart, kStart + 1h}, {vault.camera(0)});
    REQUIRE(need(place_hold(vault.api, hold, kAct.actor)) == HoldPlacing::placed);
    const std::vector<unsigned> days{30, 7, 1};
    const auto file = [&](UtcTime now) { return need(file_expiry_notices(vault.worker, days, now)); };
    CHECK(file(*hold.expires - 31 * 24h) == 0);
    CHECK(file(*hold.expires - 30 * 24h) == 1);
    CHECK(file(*hold.expires - 29 * 24h) == 0);
    CHECK(file(*hold.expires - 2 * 24h) == 1);  // the 7 days; the worker was away for five
    CHECK(file(*hold.expires - 1h) == 1);
    CHECK(file(*hold.expires) == 0);
    // Extended: told of anew.
    REQUIRE(need(extend_hold(vault.api, hold.id, 1, kStart + 200 * 24h, std::nullopt, kAct, kStart)));
    CHECK(file(kStart + 171 * 24h) == 1);
    CHECK(
        vault.site.database.query("SELECT string_agg(days_ahead::text, ' ' ORDER BY created_at) FROM notices "
                                  "WHERE audience = 'secretariat'") == "30 7 1 30"
    );
    REQUIRE(need(release_hold(vault.api, hold.id, 2, vault.keeper, {"秘書", kStart, "over"}, kAct)));
    CHECK(file(kStart + 195 * 24h) == 0);
}

}  // namespace
}  // namespace sluice::catalogue
