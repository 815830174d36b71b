#include "storage/access/fallback.hpp"

#include "tests/unit/access/derive_stage.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace sluice::access::test {
namespace {

constexpr UtcTime kNow = UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}} + 12h;

Uuid id(std::uint8_t number) {
    Uuid made;
    made.bytes[15] = number;
    return made;
}

/// The house with ids, a second controller, and what was placed so far.
struct Playbook {
    Situation situation = house();
    std::vector<Silence> silences{{.alarm = id(100), .source = "/controllers/lobby", .until = {}}};
    std::vector<Fallback> placed;

    Playbook() {
        for (std::size_t i = 0; i < situation.doors.size(); ++i)
            situation.doors[i].door.id = id(static_cast<std::uint8_t>(i + 1));
        Controller other = situation.controllers[0].controller;
        other.id = id(50);
        other.source = "/controllers/other";
        situation.controllers.push_back({other});
        situation.doors.back().door.controller_id = other.id;
    }
    [[nodiscard]] FallbackPlan plan(UtcTime now = kNow) const {
        return plan_fallback(situation, silences, placed, now);
    }
    /// As the catalogue would stand afterwards.
    FallbackPlan carry_out(UtcTime now = kNow) {
        const FallbackPlan planned = plan(now);
        for (const auto& placement : planned.placements)
            placed.push_back({.id = placement.id, .alarm = placement.alarm, .door = placement.door});
        for (const auto& end : planned.ends)
            std::ranges::find(placed, end.id, &Fallback::id)->has_ended = true;
        return planned;
    }
    [[nodiscard]] std::ptrdiff_t open() const {
        return std::ranges::count(placed, false, &Fallback::has_ended);
    }
};

TEST_CASE("each door in use of a silent controller becomes manual, once for a silence", "[access][rule]") {
    Playbook book;
    book.situation.doors[1].door.state = InventoryState::planned;
    book.situation.doors[2].door.state = InventoryState::retired;
    const FallbackPlan first = book.carry_out();
    REQUIRE(first.placements.size() == 2);  // not the planned, the retired and the other controller's one
    CHECK(first.placements[0].door == id(1));
    CHECK(first.placements[1].door == id(4));
    CHECK(first.placements[0].alarm == id(100));
    CHECK(first.placements[0].id != first.placements[1].id);
    CHECK(first.ends.empty());
    CHECK(book.carry_out().placements.empty());
    // A door that comes into use meanwhile follows; one that somebody has ended by hand stays so.
    book.situation.doors[1].door.state = InventoryState::active;
    book.placed[0].has_ended = true;
    const FallbackPlan second = book.carry_out();
    REQUIRE(second.placements.size() == 1);
    CHECK(second.placements[0].door == id(2));
    CHECK(second.ends.empty());
    CHECK(book.open() == 2);
}

TEST_CASE("when the controller speaks again its doors are not manual from that time on", "[access][rule]") {
    Playbook book;
    book.carry_out();
    book.silences[0].until = kNow + 1h;
    const FallbackPlan plan = book.carry_out(kNow + 2h);
    REQUIRE(plan.ends.size() == 4);
    for (const auto& end : plan.ends)
        CHECK(end.at == kNow + 1h);
    CHECK(plan.placements.empty());
    CHECK(book.open() == 0);
    CHECK(book.carry_out(kNow + 3h).ends.empty());
    // The next silence is another one.
    book.silences.push_back({.alarm = id(101), .source = "/controllers/lobby", .until = {}});
    CHECK(book.carry_out(kNow + 4h).placements.size() == 4);
    CHECK(book.open() == 4);
}

TEST_CASE("a fallback without its reason ends", "[access][rule]") {
    Playbook book;
    book.carry_out();
    REQUIRE(book.open() == 4);
    SECTION("the alarm was refuted") {
        book.silences[0].is_refuted = true;
    }
    SECTION("the alarm is forgotten") {
        book.silences.clear();
    }
    SECTION("the controller is not used any more") {
        book.situation.controllers[0].controller.state = InventoryState::retired;
    }
    SECTION("the doors hang on another controller now") {
        for (auto& facts : book.situation.doors)
            facts.door.controller_id = id(50);
    }
    SECTION("the doors are not used any more") {
        for (auto& facts : book.situation.doors)
            facts.door.state = InventoryState::retired;
    }
    const FallbackPlan plan = book.carry_out(kNow + 1h);
    CHECK(plan.ends.size() == 4);
    for (const auto& end : plan.ends)
        CHECK(end.at == kNow + 1h);
    CHECK(book.open() == 0);
    CHECK(book.carry_out(kNow + 2h).ends.empty());
}

TEST_CASE("a fallback is shown and judges nothing", "[access][rule]") {
    Situation situation = house();
    const ModeOverride fallback{
        .id = id(9),
        .mode = DoorMode::manual,
        .from = at(23, 19h),
        .to = {},
        .placed = at(23, 19h),
        .is_fallback = true
    };
    for (auto& facts : situation.doors)
        facts.schedule.overrides = {fallback};
    CHECK(mode_at(situation.doors[0].schedule, at(23, 20h)).mode == DoorMode::manual);
    // Events that the controller kept for later are judged as if it had spoken.
    CHECK(
        alarms_of(AlarmKind::forced_open, {event("door.opened", "room", at(23, 20h))}, at(23, 21h), situation)
            .size() == 1
    );
    CHECK(
        alarms_of(
            AlarmKind::controller_silent,
            {event("door.closed", "room", at(23, 18h) + 30min)},
            at(23, 21h),
            situation
        )
            .size() == 1
    );
    // What a person decides is above it, an emergency below.
    auto& overrides = situation.doors[0].schedule.overrides;
    overrides.push_back(
        {.id = id(10), .mode = DoorMode::blocked, .from = at(23, 18h), .to = {}, .placed = at(23, 18h)}
    );
    CHECK(mode_at(situation.doors[0].schedule, at(23, 20h)).override_id == id(10));
    overrides.back().mode = DoorMode::eoc;
    CHECK(mode_at(situation.doors[0].schedule, at(23, 20h)).override_id == id(9));
}

}  // namespace
}  // namespace sluice::access::test
