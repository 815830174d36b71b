#include "storage/access/derive.hpp"

#include "tests/unit/access/derive_stage.hpp"

#include <catch2/catch.hpp>

namespace sluice::access::test {
namespace {

TEST_CASE("a door is held open when its limit is over, not one second earlier", "[access][rule]") {
    const std::vector<Event> opened{event("door.opened", "1f-main", at(23, 10h))};
    CHECK(alarms_of(AlarmKind::held_open, opened, at(23, 10h) + 59s).empty());
    const auto alarms = alarms_of(AlarmKind::held_open, opened, at(23, 10h) + 60s);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].at == at(23, 10h) + 60s);
    CHECK_FALSE(alarms[0].until);
    CHECK(alarms[0].severity == Severity::low);  // office hours
    auto closed = opened;
    closed.push_back(event("door.closed", "1f-main", at(23, 10h) + 60s));
    CHECK(alarms_of(AlarmKind::held_open, closed, at(23, 11h)).empty());
    closed.back().device_time = at(23, 10h) + 61s;
    const auto ended = alarms_of(AlarmKind::held_open, closed, at(23, 11h));
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].until == at(23, 10h) + 61s);
    CHECK(ended[0].id == alarms[0].id);
}

TEST_CASE("an opening that is told twice is one opening", "[access][rule]") {
    const auto alarms = alarms_of(
        AlarmKind::held_open,
        {event("door.opened", "1f-main", at(23, 10h)),
         event("door.opened", "1f-main", at(23, 10h) + 40s),
         event("door.closed", "1f-main", at(23, 10h) + 70s)},
        at(23, 11h)
    );
    CHECK(alarms.size() == 1);
}

TEST_CASE("after hours a held door weighs more, in a duty period one step more", "[access][rule]") {
    Situation situation = house();
    CHECK(
        alarms_of(AlarmKind::held_open, {event("door.opened", "1f-main", at(23, 20h))}, at(23, 21h))[0]
            .severity == Severity::high
    );
    for (auto& facts : situation.doors)
        facts.schedule.overrides = {
            {.id = {},
             .mode = DoorMode::duty_period,
             .from = at(23, 0h),
             .to = at(24, 0h),
             .placed = at(22, 0h)}
        };
    const auto alarms = alarms_of(
        AlarmKind::held_open, {event("door.opened", "1f-main", at(23, 10h))}, at(23, 11h), situation
    );
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].severity == Severity::medium);
}

TEST_CASE("a door that somebody stands at may be open", "[access][rule]") {
    Situation situation = house();
    for (auto& facts : situation.doors)
        facts.schedule.overrides = {
            {.id = {}, .mode = DoorMode::manual, .from = at(23, 0h), .to = at(24, 0h), .placed = at(22, 0h)}
        };
    CHECK(alarms_of({event("door.opened", "1f-main", at(23, 20h))}, situation, at(23, 20h) + 10min).empty());
}

TEST_CASE("a locked door that nothing released was forced; one with a card was not", "[access][rule]") {
    const auto opening = event("door.opened", "3f-main", at(23, 20h));
    CHECK(alarms_of(AlarmKind::forced_open, {opening}, at(23, 21h)).size() == 1);
    for (const char* code : {"access.granted", "door.rex", "door.remote_open", "door.fire_release"}) {
        CAPTURE(code);
        CHECK(alarms_of(
                  AlarmKind::forced_open, {opening, event(code, "3f-main", at(23, 20h) - 15s)}, at(23, 21h)
        )
                  .empty());
        CHECK(
            alarms_of(
                AlarmKind::forced_open, {opening, event(code, "3f-main", at(23, 20h) - 16s)}, at(23, 21h)
            )
                .size() == 1
        );
    }
    // By day it is free.
    CHECK(
        alarms_of(AlarmKind::forced_open, {event("door.opened", "3f-main", at(23, 10h))}, at(23, 21h)).empty()
    );
    // What the controller says itself is believed at any time.
    CHECK(
        alarms_of(AlarmKind::forced_open, {event("door.forced_open", "3f-main", at(23, 10h))}, at(23, 21h))
            .size() == 1
    );
}

TEST_CASE("the rear door is not opened after 18:00", "[access][rule]") {
    CHECK(alarms_of(
              AlarmKind::rear_door_open, {event("door.opened", "1f-rear", at(23, 17h) + 59min)}, at(24, 0h)
    )
              .empty());
    CHECK(
        alarms_of(AlarmKind::rear_door_open, {event("door.opened", "1f-rear", at(23, 18h))}, at(24, 0h))
            .size() == 1
    );
    // A Saturday.
    CHECK(
        alarms_of(AlarmKind::rear_door_open, {event("door.opened", "1f-rear", at(28, 10h))}, at(29, 0h))
            .size() == 1
    );
    CHECK(alarms_of(AlarmKind::rear_door_open, {event("door.opened", "3f-main", at(23, 18h))}, at(24, 0h))
              .empty());
}

TEST_CASE("a lock that is open at 18:00 is an alarm after the grace", "[access][rule]") {
    auto unlocked = event("door.lock_state", "1f-main", at(23, 8h));
    unlocked.data = R"({"State":"Unlocked"})";
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {unlocked}, at(23, 18h) + 14min).empty());
    const auto alarms = alarms_of(AlarmKind::after_hours_unlocked, {unlocked}, at(23, 18h) + 15min);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].at == at(23, 18h) + 15min);
    auto locked = event("door.lock_state", "1f-main", at(23, 18h) + 15min);
    locked.data = R"({"State":"Locked"})";
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {unlocked, locked}, at(23, 21h)).empty());
    // On a day off at any hour; a door that lets somebody in is locked again before the grace is over.
    unlocked = event("door.lock_state", "1f-main", at(28, 11h));
    unlocked.data = R"({"State":"Unlocked"})";
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {unlocked}, at(28, 12h)).size() == 1);
}

TEST_CASE("a door that stands open at 18:00 is not locked either", "[access][rule]") {
    const auto opened = event("door.opened", "room", at(23, 17h) + 50min);
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {opened}, at(23, 18h) + 14min).empty());
    const auto alarms = alarms_of(AlarmKind::after_hours_unlocked, {opened}, at(23, 18h) + 15min);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].at == at(23, 18h) + 15min);
    CHECK(alarms[0].is_after_hours);
    CHECK_FALSE(alarms[0].until);
    auto closed = event("door.closed", "room", at(23, 18h) + 15min);
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {opened, closed}, at(23, 21h)).empty());
    closed.device_time = at(23, 18h) + 16min;
    const auto ended = alarms_of(AlarmKind::after_hours_unlocked, {opened, closed}, at(23, 21h));
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].id == alarms[0].id);
    CHECK(ended[0].until == at(23, 18h) + 16min);
    // One alarm with what the lock says, up to the end of both.
    auto unlocked = event("door.lock_state", "room", at(23, 8h));
    unlocked.data = R"({"State":"Unlocked"})";
    auto locked = event("door.lock_state", "room", at(23, 18h) + 30min);
    locked.data = R"({"State":"Locked"})";
    const auto both =
        alarms_of(AlarmKind::after_hours_unlocked, {opened, closed, unlocked, locked}, at(23, 21h));
    REQUIRE(both.size() == 1);
    CHECK(both[0].id == alarms[0].id);
    CHECK(both[0].until == at(23, 18h) + 30min);
    // After hours an opening is judged as one, and not once more.
    const auto late = event("door.opened", "room", at(23, 20h));
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {late}, at(23, 23h)).empty());
    CHECK(alarms_of(AlarmKind::held_open, {late}, at(23, 23h)).size() == 1);
    // It stands open for the whole next day: the evening behind that is one of its own.
    CHECK(alarms_of(AlarmKind::after_hours_unlocked, {late}, at(24, 19h)).size() == 1);
}

TEST_CASE(
    "after hours people come in by the main door; a lock without a place says nothing",
    "[access][rule]"
) {
    const auto entry = [](const char* door, UtcTime time, Direction direction = Direction::in) {
        auto made = event("access.granted", door, time);
        made.direction = direction;
        return alarms_of(AlarmKind::entry_not_main_door, {made}, at(24, 0h)).size();
    };
    CHECK(entry("3f-main", at(23, 19h)) == 1);
    CHECK(entry("1f-main", at(23, 19h)) == 0);
    CHECK(entry("3f-main", at(23, 19h), Direction::out) == 0);
    CHECK(entry("3f-main", at(23, 12h)) == 0);
    CHECK(entry("room", at(23, 19h)) == 0);
    CHECK(entry("eml-01", at(23, 19h)) == 0);
}

TEST_CASE("a silence counts in controlled hours, from its first minute in them on", "[access][rule]") {
    const auto beat = [](UtcTime time) { return event("acs.controller_online", "", time); };
    const std::vector<Event> day{beat(at(23, 12h)), beat(at(23, 15h))};
    CHECK(alarms_of(AlarmKind::controller_silent, day, at(23, 17h)).empty());
    const auto alarms = alarms_of(AlarmKind::controller_silent, day, at(23, 18h) + 1min);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].at == at(23, 18h));
    const auto night =
        alarms_of(AlarmKind::controller_silent, {beat(at(23, 20h)), beat(at(23, 20h) + 31min)}, at(24, 0h));
    REQUIRE(night.size() == 2);
    CHECK(night[0].at == at(23, 20h) + 30min);
    CHECK(night[0].until == at(23, 20h) + 31min);
    CHECK_FALSE(night[1].until);
}

TEST_CASE("a controller that never said anything is missed from its first door's day on", "[access][rule]") {
    Situation situation = house();
    situation.controllers[0].active_since = at(23, 9h);
    for (auto& facts : situation.doors)
        facts.active_since = at(23, 12h);
    situation.doors[0].active_since = at(23, 10h);
    const auto silent = [&](std::vector<Event> events, UtcTime now) {
        return alarms_of(AlarmKind::controller_silent, std::move(events), now, situation);
    };
    // By day nobody misses it; in the evening it has been silent for longer than three heartbeats.
    CHECK(silent({}, at(23, 18h)).empty());
    const auto alarms = silent({}, at(23, 18h) + 1min);
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].at == at(23, 18h));
    CHECK_FALSE(alarms[0].until);
    CHECK(alarms[0].events.empty());
    // In the evening: since its first door, and three heartbeats.
    situation.controllers[0].active_since = at(23, 17h);
    situation.doors[0].active_since = at(23, 19h);
    for (std::size_t i = 1; i < situation.doors.size(); ++i)
        situation.doors[i].active_since = at(23, 20h);
    CHECK(silent({}, at(23, 19h) + 30min).empty());
    const auto evening = silent({}, at(23, 19h) + 31min);
    REQUIRE(evening.size() == 1);
    CHECK(evening[0].at == at(23, 19h) + 30min);
    // Its first word ends it; one that came in time, told late, refutes it.
    const auto ended = silent({event("acs.controller_online", "", at(24, 7h))}, at(24, 7h) + 1min);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].id == evening[0].id);
    CHECK(ended[0].until == at(24, 7h));
    CHECK(silent({event("acs.controller_online", "", at(23, 19h) + 29min)}, at(23, 19h) + 31min).empty());
    // Without a door in use, and without a heartbeat, nothing is expected of it.
    for (auto& facts : situation.doors)
        facts.door.state = InventoryState::planned;
    CHECK(silent({}, at(24, 7h)).empty());
    situation.doors[0].door.state = InventoryState::active;
    CHECK(silent({}, at(24, 7h)).size() == 1);
    situation.controllers[0].controller.heartbeat.reset();
    CHECK(silent({}, at(24, 7h)).empty());
}

TEST_CASE("schedules are known from the oldest evidence on", "[access][rule]") {
    Situation situation = house();
    situation.controllers[0].active_since = at(2, 0h);
    const TimeRange context{at(20, 0h), at(24, 0h)};
    CHECK(schedule_from(situation, {.events = {}, .covers = context}) == at(2, 0h));
    CHECK(
        schedule_from(situation, {.events = {event("door.opened", "room", at(22, 0h))}, .covers = context}) ==
        at(20, 0h)
    );
    CHECK(
        schedule_from(situation, {.events = {event("door.opened", "room", at(10, 0h))}, .covers = context}) ==
        at(10, 0h)
    );
}

TEST_CASE("a missing number is a gap, a late one fills it, and a new beginning is none", "[access][rule]") {
    const auto numbered = [](std::uint64_t index, UtcTime time) {
        auto made = event("door.opened", "room", time);
        made.index = index;
        return made;
    };
    std::vector<Event> events{numbered(5, at(23, 9h)), numbered(8, at(23, 10h))};
    const auto gap = alarms_of(AlarmKind::index_gap, events, at(23, 12h));
    REQUIRE(gap.size() == 1);
    CHECK(gap[0].cause == "2 events between 5 and 8 are missing");
    events.push_back(numbered(7, at(23, 10h) + 1min));
    CHECK(
        alarms_of(AlarmKind::index_gap, events, at(23, 12h))[0].cause ==
        "1 events between 5 and 8 are missing"
    );
    events.push_back(numbered(6, at(23, 9h) + 1min));
    CHECK(alarms_of(AlarmKind::index_gap, events, at(23, 12h)).empty());
    events.push_back(numbered(1, at(23, 11h)));
    CHECK(alarms_of(AlarmKind::index_gap, events, at(23, 12h)).empty());
}

TEST_CASE(
    "a clock that is ahead is told once a day, one that is behind when the day is over",
    "[access][rule]"
) {
    auto ahead = event("door.opened", "room", at(23, 9h));
    ahead.received = at(23, 9h) - 61s;
    auto again = event("door.closed", "room", at(23, 9h) + 30s);
    again.received = at(23, 9h) - 61s;
    CHECK(alarms_of(AlarmKind::clock_offset, {ahead, again}, at(24, 1h)).size() == 1);
    ahead.received = at(23, 9h) - 60s;
    CHECK(alarms_of(AlarmKind::clock_offset, {ahead}, at(24, 1h)).empty());
    auto behind = event("door.opened", "room", at(23, 9h));
    behind.received += 10min;
    CHECK(alarms_of(AlarmKind::clock_offset, {behind}, at(23, 23h)).empty());
    CHECK(alarms_of(AlarmKind::clock_offset, {behind}, at(24, 0h)).size() == 1);
    CHECK(alarms_of(AlarmKind::clock_offset, {behind, event("door.closed", "room", at(23, 10h))}, at(24, 0h))
              .empty());
}

}  // namespace
}  // namespace sluice::access::test
