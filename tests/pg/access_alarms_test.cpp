#include "jobs/access/keeper.hpp"
#include "storage/catalogue/access_event_repository.hpp"
#include "storage/catalogue/access_repository.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/override_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <stop_token>

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

/// Stands still until somebody sets it.
class SetClock final : public Clock {
public:
    explicit SetClock(UtcTime at) : at_(at) {}
    [[nodiscard]] UtcTime now() const override { return at_; }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return true; }

private:
    UtcTime at_;
};

// A Monday, 20:00 in Asia/Taipei.
constexpr UtcTime kEvening = UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}} + 12h;

struct House {
    test::Database database;
    Pool api{database.conninfo("sluice_api"), 2};
    Pool worker{database.conninfo("sluice_worker"), 3};

    House() {
        access::Controller controller;
        controller.id = make_uuid_v7(kStart);
        controller.slug = "lobby";
        controller.name = "大廳";
        controller.source = "/controllers/lobby";
        controller.kind = access::ControllerKind::http_push;
        const ledger::Act act{
            .action = "controller.created",
            .actor = ledger::system_actor("test"),
            .subject = {"controller", "lobby"}
        };
        REQUIRE(need(create_controller(api, controller, act, kStart)) == Creation::made);
        access::Door door;
        door.id = make_uuid_v7(kStart);
        door.slug = "1f-rear";
        door.name = "後門";
        door.boundary = access::Boundary::building;
        door.is_rear = true;
        door.controller_id = controller.id;
        REQUIRE(need(create_door(api, door, act, kStart)) == Creation::made);
    }
    void post(const std::string& id, const std::string& code, UtcTime at, UtcTime received) {
        access::Event event;
        event.id = id;
        event.code = code;
        event.device_time = at;
        post(std::move(event), received);
    }
    void post(access::Event event, UtcTime received) {
        event.source = "/controllers/lobby";
        event.door = "1f-rear";
        event.received = received;
        static_cast<void>(need(accept_events(
            api,
            {.channel = AccessChannel::post, .actor = ledger::system_actor("test"), .events = {event}},
            received
        )));
    }
    void tick(UtcTime now, const config::Contacts& contacts = {}) {
        jobs::AccessKeeper keeper{contacts};
        need(keeper.tick(worker, SetClock{now}, {}));
    }
    [[nodiscard]] std::string count(const std::string& from) const {
        return database.query("SELECT count(*)::text FROM " + from, "sluice_auditor");
    }
};

TEST_CASE(
    "an opened rear door is an alarm and an incident; a late closing ends what was held open",
    "[pg][access][alarms]"
) {
    House house;
    house.post("1", "door.opened", kEvening, kEvening + 1s);
    house.tick(kEvening + 5s);
    CHECK(
        house.count("access_alarms WHERE kind = 'rear_door_open' AND incident_id = id AND place = 2") == "1"
    );
    CHECK(house.count("incidents WHERE kind = 'door_forced'") == "1");
    CHECK(house.count("access_alarms WHERE kind = 'held_open'") == "0");
    house.tick(kEvening + 2min);  // nothing came: time alone
    CHECK(
        house.count("access_alarms WHERE kind = 'held_open' AND until_at IS NULL AND is_after_hours") == "1"
    );
    house.tick(kEvening + 3min);
    CHECK(house.count("ledger_records WHERE action = 'access.alarms_derived'") == "2");
    house.post("2", "door.closed", kEvening + 90s, kEvening + 1h);
    house.tick(kEvening + 1h);
    CHECK(house.count("access_alarms WHERE kind = 'held_open' AND until_at = at + interval '30 s'") == "1");
    house.post("3", "door.closed", kEvening + 30s, kEvening + 2h);  // it was closed before
    house.tick(kEvening + 2h);
    CHECK(house.count("access_alarms WHERE kind = 'held_open' AND refuted_at IS NOT NULL") == "1");
    CHECK(house.count("access_alarms") == "2");
}

TEST_CASE(
    "an alarm that raises no incident gives one notice, however often it is derived",
    "[pg][access][alarms]"
) {
    House house;
    access::Event entry;
    entry.id = "1";
    entry.code = "access.granted";
    entry.direction = access::Direction::in;
    entry.device_time = kEvening;
    entry.index = 7;
    house.post(entry, kEvening + 1s);
    entry.id = "2";
    entry.direction = access::Direction::out;
    entry.device_time = kEvening + 1min;
    entry.index = 11;
    house.post(entry, kEvening - 1h);  // a clock that is an hour ahead
    house.tick(kEvening + 2min);
    house.tick(kEvening + 3min);
    CHECK(
        house.database.query(
            "SELECT string_agg(a.kind, ' ' ORDER BY a.kind) FROM access_alarms a JOIN notices n "
            "ON n.subject_id = a.id WHERE n.kind = 'door_alarm' AND audience = 'secretariat'"
        ) == "clock_offset entry_not_main_door index_gap"
    );
    CHECK(house.count("notices") == "3");
    CHECK(house.count("incidents") == "0");
    // The numbers between come late.
    for (const std::uint64_t index : {8U, 9U, 10U}) {
        entry.id = "late " + std::to_string(index);
        entry.device_time = kEvening + 30s;
        entry.index = index;
        house.post(entry, kEvening + 4min);
    }
    house.tick(kEvening + 5min);
    CHECK(house.count("access_alarms WHERE kind = 'index_gap' AND refuted_at IS NOT NULL") == "1");
    CHECK(house.count("notices") == "3");
}

TEST_CASE(
    "a controller that never said anything is missed, and once it speaks no more",
    "[pg][access][alarms]"
) {
    House house;
    const auto lasting = [&](const char* that) {
        return house.count(
            "access_alarms WHERE kind = 'controller_silent' AND refuted_at IS NULL AND " + std::string{that}
        );
    };
    // Registered on the Monday, used from the evening on: the row says since when.
    house.database.execute("UPDATE controllers SET heartbeat_seconds = 600, state = 'planned', revision = 2");
    house.tick(kEvening + 1h);
    CHECK(lasting("true") == "0");
    house.database.execute(
        "UPDATE controllers SET state = 'active', revision = 3, changed_at = '" + to_rfc3339(kEvening) + "'"
    );
    house.database.execute("UPDATE controllers SET name = '大廳控制器', revision = 4, changed_at = now()");
    CHECK(need(find_controller(house.api, "lobby"))->active_since == kEvening);
    house.tick(kEvening + 29min);
    CHECK(lasting("true") == "0");
    house.tick(kEvening + 31min);
    CHECK(lasting("until_at IS NULL AND incident_id = id AND event_ids = '{}'") == "1");
    CHECK(house.count("incidents WHERE kind = 'controller_failure'") == "1");
    house.tick(kEvening + 40min);
    CHECK(lasting("true") == "1");
    house.post("1", "door.closed", kEvening + 50min, kEvening + 50min);
    house.tick(kEvening + 51min);
    CHECK(lasting("until_at = raised_at + interval '19 min'") == "1");
    CHECK(lasting("true") == "1");
}

/// The controller says something every ten minutes, and has stopped at kEvening.
struct SilentHouse : House {
    SilentHouse() {
        // In use from then on: before that nobody has waited for it.
        database.execute("UPDATE controllers SET heartbeat_seconds = 600, state = 'planned', revision = 2");
        database.execute(
            "UPDATE controllers SET state = 'active', revision = 3, changed_at = '" + to_rfc3339(kEvening) +
            "'"
        );
        post("last", "door.closed", kEvening, kEvening);
    }
    [[nodiscard]] std::string overrides() const {
        return database.query(
            "SELECT string_agg(concat_ws(' ', mode, owner_kind, nullif(person, ''), "
            "extract(epoch FROM from_at - '" +
            to_rfc3339(kEvening) +
            "')::int / 60, "
            "extract(epoch FROM ended_at - '" +
            to_rfc3339(kEvening) +
            "')::int / 60), ',' "
            "ORDER BY from_at) FROM door_overrides"
        );
    }
    [[nodiscard]] std::string records() const {
        return database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at, id) FROM ledger_records WHERE "
            "action LIKE 'door.override%'"
        );
    }
    const config::Contact primary{.name = "王小明", .phone = "1", .mail = {}};
    const config::Contact deputy{.name = "陳副座", .phone = {}, .mail = "d@example.org"};
};

TEST_CASE(
    "the doors of a silent controller are manual until it speaks again",
    "[pg][access][alarms][fallback]"
) {
    SilentHouse house;
    const config::Contacts contacts{.primary = house.primary, .deputy = house.deputy};
    house.tick(kEvening + 29min, contacts);
    CHECK(house.overrides().empty());
    house.tick(kEvening + 31min, contacts);
    CHECK(house.overrides() == "manual alarm 王小明 31");
    CHECK(
        house.count("incidents WHERE subject->'fallback'->>'person' = '王小明' AND cause NOT LIKE '%nobody%'"
        ) == "1"
    );
    CHECK(house.count("notices WHERE kind = 'door_unattended'") == "0");
    house.tick(kEvening + 32min, contacts);
    CHECK(house.records() == "door.override_placed");
    house.post("next", "door.closed", kEvening + 45min, kEvening + 50min);
    house.tick(kEvening + 50min, contacts);
    CHECK(house.overrides() == "manual alarm 王小明 31 45");
    CHECK(house.records() == "door.override_placed door.override_ended");
    CHECK(house.count("door_overrides WHERE end_reason = 'the controller speaks again'") == "1");
    // Silent once more.
    house.tick(kEvening + 76min, {.primary = {}, .deputy = house.deputy});
    CHECK(house.overrides() == "manual alarm 王小明 31 45,manual alarm 陳副座 76");
}

TEST_CASE(
    "while nobody is named, the silent controller's doors ask for somebody",
    "[pg][access][alarms][fallback]"
) {
    SilentHouse house;
    const config::Contact nameless{.name = {}, .phone = "1", .mail = {}};
    house.tick(kEvening + 31min, {.primary = nameless, .deputy = {}});
    house.tick(kEvening + 32min, {.primary = nameless, .deputy = {}});
    CHECK(house.overrides() == "manual alarm 31");
    CHECK(house.count("notices WHERE kind = 'door_unattended' AND audience = 'secretariat'") == "1");
    CHECK(house.count("notices WHERE kind = 'incident_raised'") == "1");
    CHECK(
        house.count(
            "incidents WHERE subject->'fallback'->'person' = 'null' AND cause LIKE '%nobody is named%'"
        ) == "1"
    );
    // Whoever goes there is named by hand, and what the program has placed is below that.
    OverrideRow named;
    named.id = make_uuid_v7(kEvening);
    named.door_id = need(find_door(house.api, "1f-rear"))->door.id;
    named.mode = access::DoorMode::manual;
    named.from = kEvening + 33min;
    named.reason = "看守";
    named.person = "李警衛";
    REQUIRE(need(open_override(house.api, named, ledger::system_actor("test"), kEvening + 33min)));
    const auto door = need(find_door(house.api, "1f-rear"))->door;
    const UtcTime at = kEvening + 34min;
    CHECK(access::mode_at(need(load_schedule(house.api, door, {at, at + 1s})), at).override_id == named.id);
    // By hand it ends, too, and is not placed again.
    house.database.execute(
        "UPDATE door_overrides SET ended_at = placed_at, ender = 'x', end_reason = 'x' WHERE owner_kind = "
        "'alarm'"
    );
    house.tick(kEvening + 35min);
    CHECK(house.count("door_overrides WHERE owner_kind = 'alarm'") == "1");
}

TEST_CASE(
    "what was decided afterwards about a door changes the alarms of that time",
    "[pg][access][alarms][again]"
) {
    House house;
    house.post("1", "door.opened", kEvening, kEvening);
    house.post("2", "door.closed", kEvening + 20s, kEvening + 20s);
    house.tick(kEvening + 1min);
    const auto is = [&](const std::string& that) {
        return house.count("access_alarms WHERE " + that) == "1";
    };
    REQUIRE(is("kind = 'rear_door_open' AND refuted_at IS NULL"));
    const Uuid id = need(load_alarms(house.api, {}, {}, 1)).at(0).alarm.id;
    const ledger::Actor secretary = ledger::system_actor("test");
    REQUIRE(need(acknowledge_alarm(house.api, id, "警衛在場", secretary, kEvening + 2min)));

    // Somebody stood there, and it is entered two days later.
    const UtcTime later = kEvening + 48h;
    OverrideRow stood;
    stood.id = make_uuid_v7(later);
    stood.mode = access::DoorMode::manual;
    stood.from = kEvening - 10min;
    stood.to = kEvening + 10min;
    stood.reason = "搬運";
    stood.person = "李警衛";
    REQUIRE(need(open_override(house.api, stood, secretary, later)));
    house.tick(later + 1min);
    const auto refuted = need(find_alarm(house.api, id)).value();
    CHECK(state_of(refuted) == "refuted");
    CHECK(
        refuted.refutation.find("afterwards (door override " + to_string(stood.id) + ")") != std::string::npos
    );
    CHECK(refuted.acknowledgement->reason == "警衛在場");
    CHECK(house.count("incident_notes WHERE text LIKE '%door override " + to_string(stood.id) + "%'") == "1");
    CHECK(house.count("access_rederivations WHERE derived_at IS NOT NULL") == "1");
    CHECK(
        house.count("ledger_records WHERE action = 'access.alarms_derived' AND record LIKE '%afterwards%'") ==
        "1"
    );

    // It was another evening: as if it had never been entered.
    const OverrideClosing closing{
        .at = later + 2min, .reason = "日期有誤", .actor = secretary, .is_withdrawn = true
    };
    REQUIRE(need(end_override(house.api, stood.id, closing, later + 2min)));
    house.tick(later + 3min);
    const auto restored = need(find_alarm(house.api, id)).value();
    CHECK(state_of(restored) == "acknowledged");
    CHECK(restored.refutation.empty());
    CHECK(need(find_override(house.api, stood.id))->end->is_withdrawn);
    CHECK(need(load_overrides(house.api, {}, {kEvening - 1h, kEvening + 1h})).empty());
    CHECK(house.count("ledger_records WHERE action = 'door.override_withdrawn'") == "1");
    CHECK(house.count("incidents") == "1");
    house.tick(later + 4min);
    CHECK(house.count("access_rederivations WHERE derived_at IS NULL") == "0");
}

TEST_CASE(
    "what begins now marks nothing, and a day that was off after all is judged as one",
    "[pg][access][alarms][again]"
) {
    House house;
    house.post("1", "door.opened", kEvening - 8h, kEvening - 8h);  // Monday noon
    house.post("2", "door.closed", kEvening - 8h + 5s, kEvening - 8h + 5s);
    house.tick(kEvening);
    CHECK(house.count("access_alarms") == "0");
    OverrideRow now;
    now.id = make_uuid_v7(kEvening);
    now.mode = access::DoorMode::lockdown;
    now.from = kEvening;
    now.reason = "演習";
    REQUIRE(need(open_override(house.api, now, ledger::system_actor("test"), kEvening + 500ms)));
    CHECK(need(
        end_override(house.api, now.id, {kEvening + 1h, "done", ledger::system_actor("test")}, kEvening + 1h)
    ));
    CHECK(house.count("access_rederivations") == "0");
    house.database.execute(
        "INSERT INTO principals (id, kind, name, roles, valid_from) VALUES ('" +
        to_string(make_uuid_v7(kEvening)) + "', 'person', '秘書', '{secretariat}', now())"
    );
    house.database.execute(
        "INSERT INTO calendar_overrides (id, day, is_off, reason, approver, placer_id, placer, placed_at) "
        "SELECT gen_random_uuid(), "
        "'2026-11-23', true, '颱風', '市長', id, '秘書', '" +
        to_rfc3339(kEvening + 24h) + "' FROM principals WHERE name = '秘書'"
    );
    CHECK(
        house.count(
            "access_rederivations WHERE from_at = '2026-11-22T16:00:00Z' AND to_at = '2026-11-23T16:00:00Z'"
        ) == "1"
    );
    house.tick(kEvening + 25h);
    CHECK(house.count("access_alarms WHERE kind = 'rear_door_open' AND incident_id = id") == "1");
    CHECK(house.count("access_rederivations WHERE derived_at IS NULL") == "0");
}

TEST_CASE("what somebody says of an alarm stays, with its record", "[pg][access][alarms]") {
    House house;
    house.post("1", "door.opened", kEvening, kEvening + 1s);
    house.tick(kEvening + 5s);
    const auto alarms = need(
        load_alarms(house.api, {.door = "1f-rear", .kind = {}, .state = "open", .from = {}, .to = {}}, {}, 10)
    );
    REQUIRE(alarms.size() == 1);
    const Uuid id = alarms[0].alarm.id;
    CHECK(need(acknowledge_alarm(house.api, id, "警衛已前往", ledger::system_actor("test"), kEvening + 1min))
    );
    CHECK_FALSE(need(acknowledge_alarm(house.api, id, "我也是", ledger::system_actor("test"), kEvening + 2min)
    ));
    CHECK(need(resolve_alarm(house.api, id, "已關門", ledger::system_actor("test"), kEvening + 3min)));
    const auto said = need(find_alarm(house.api, id));
    CHECK(said->acknowledgement->reason == "警衛已前往");
    CHECK(state_of(*said) == "resolved");
    CHECK(house.count("ledger_records WHERE action IN ('alarm.acknowledged', 'alarm.resolved')") == "2");
    CHECK(need(load_open_doors(house.api, {kEvening - 24h, kEvening + 24h}, kEvening + 1h)).empty());
}

TEST_CASE(
    "events are listed by door and time, newest first, and followed in order of commits",
    "[pg][access]"
) {
    House house;
    for (int i = 0; i < 5; ++i)
        house.post(
            std::to_string(i),
            i % 2 == 0 ? "door.opened" : "door.closed",
            kEvening + i * 1min,
            kEvening + 10min
        );
    EventFilter filter{
        .door = "1f-rear", .code = {}, .category = "door", .from = kEvening, .to = kEvening + 4min
    };
    const auto page = need(load_events(house.api, filter, {}, 3));
    REQUIRE(page.size() == 3);
    CHECK(page[0].event.id == "3");
    const auto rest = need(load_events(house.api, filter, EventCursor{page[2].at, page[2].id}, 3));
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].event.id == "0");
    filter.code = "door.closed";
    CHECK(need(load_events(house.api, filter, {}, 9)).size() == 2);
    CHECK(need(find_event(house.api, rest[0].id))->event == rest[0].event);
    const auto news = need(load_access_news(house.api, 2, 100));
    CHECK(news.events.size() == 3);
    CHECK(news.place == 5);
}

TEST_CASE("events are forgotten after their year and no sooner", "[pg][access]") {
    House house;
    const UtcTime now = RealClock{}.now();
    house.post("old", "door.opened", now - 400 * 24h, now - 400 * 24h);
    house.post("new", "door.opened", now - 24h, now);
    CHECK_FALSE(forget_events(house.worker, now - 300 * 24h, now));
    CHECK(house.count("access_events") == "2");
    CHECK(need(forget_events(house.worker, now - 370 * 24h, now)) == 1);
    CHECK(house.count("access_events") == "1");
    CHECK(house.count("ledger_records WHERE action = 'access.forgotten'") == "1");
    CHECK(need(forget_events(house.worker, now - 370 * 24h, now)) == 0);
    CHECK(house.count("ledger_records WHERE action = 'access.forgotten'") == "1");
}

}  // namespace
}  // namespace sluice::catalogue
