#include "storage/retention/rules.hpp"

#include "storage/retention/plan.hpp"

#include <array>

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

UtcTime at(std::string_view text) {
    return from_rfc3339(text).value();
}

const UtcTime kNow = at("2026-11-23T10:00:00Z");
const Uuid kCamera{.bytes = {1}};
const Uuid kOther{.bytes = {2}};
const Uuid kVolume{.bytes = {3}};

SegmentFacts segment(UtcTime from, UtcTime to) {
    return {
        .id = Uuid{.bytes = {9}}, .camera_id = kCamera, .volume_id = kVolume, .range = {from, to}, .bytes = 1
    };
}
SegmentFacts of_age(Microseconds age) {
    return segment(kNow - age - 60s, kNow - age);
}
HoldFacts hold(std::uint8_t number, TimeRange interval, bool outlives_ceiling = false) {
    return {
        .id = Uuid{.bytes = {number}},
        .camera_ids = {kCamera},
        .interval = interval,
        .outlives_ceiling = outlives_ceiling
    };
}
policy::Version version(UtcTime valid_from, unsigned floor, unsigned keep) {
    policy::Version made{.number = 1, .valid_from = valid_from, .policy = {}};
    made.policy.floor_days = floor;
    made.policy.ceiling_years = 1;
    made.policy.keep_days = keep;
    return made;
}
/// 0: as long as the disk holds.
policy::History keeping(unsigned keep = 30) {
    return {version(at("2018-01-01T00:00:00Z"), 30, keep)};
}
Decision decided(
    const SegmentFacts& facts,
    const std::vector<HoldFacts>& holds,
    const policy::History& by,
    UtcTime now = kNow
) {
    std::vector<const HoldFacts*> pointers;
    for (const HoldFacts& one : holds)
        pointers.push_back(&one);
    return decide(facts, pointers, by, now);
}

TEST_CASE(
    "art. 7(3): footage may go from the floor on, counted from its end, not one microsecond earlier",
    "[retention][rule]"
) {
    CHECK(decided(of_age(days{30}), {}, keeping()) == Decision{.is_destroyed = true, .rule = Rule::window});
    CHECK(
        decided(of_age(days{30} - 1us), {}, keeping()) == Decision{.is_destroyed = false, .rule = Rule::floor}
    );
    CHECK_FALSE(decided(of_age(-1h), {}, keeping()).is_destroyed);  // a clock that ran back
    // A segment of a day: its start is 31 days old, its end is not yet 30.
    CHECK_FALSE(decided(segment(kNow - days{31}, kNow - days{30} + 1us), {}, keeping()).is_destroyed);
    CHECK_FALSE(decided(of_age(days{200}), {}, policy::History{}).is_destroyed);
    // A window shorter than the floor changes nothing.
    CHECK(decided(of_age(days{10}), {}, keeping(5)).rule == Rule::floor);
}

TEST_CASE(
    "art. 6: the rolling window purges behind it, `capacity` leaves what the disk holds",
    "[retention][rule]"
) {
    CHECK(
        decided(of_age(days{59}), {}, keeping(60)) == Decision{.is_destroyed = false, .rule = Rule::window}
    );
    CHECK(decided(of_age(days{60}), {}, keeping(60)) == Decision{.is_destroyed = true, .rule = Rule::window});
    CHECK(
        decided(of_age(days{300}), {}, keeping(0)) == Decision{.is_destroyed = false, .rule = Rule::capacity}
    );
}

TEST_CASE(
    "art. 7(5): the last day on which footage may exist is the one before its anniversary",
    "[retention][rule]"
) {
    struct Row {
        const char* recorded;
        const char* last_day;  // gone from its first moment in Taipei
    };
    // The first four are the rules' own vectors; the others are about leap days and the day in Taipei.
    const std::array rows{
        Row{"2019-10-02T12:00:00+08:00", "2020-10-01"},
        Row{"2020-02-28T12:00:00+08:00", "2021-02-27"},
        Row{"2020-02-29T12:00:00+08:00", "2021-02-27"},
        Row{"2020-03-01T12:00:00+08:00", "2021-02-28"},
        Row{"2023-03-01T12:00:00+08:00", "2024-02-29"},
        Row{"2023-02-28T12:00:00+08:00", "2024-02-27"},
        Row{"2024-01-01T00:00:00+08:00", "2024-12-31"},
        Row{"2023-12-31T23:59:59+08:00", "2024-12-30"},
        Row{"2026-05-05T15:59:59Z", "2027-05-04"},
        Row{"2026-05-05T16:00:00Z", "2027-05-05"},
    };
    for (const Row& row : rows) {
        INFO(row.recorded);
        const UtcTime due = at(std::string{row.last_day} + "T00:00:00+08:00");
        CHECK(to_rfc3339(destroy_by(at(row.recorded), 1)) == to_rfc3339(due));
        const SegmentFacts facts = segment(at(row.recorded), at(row.recorded) + 60s);
        CHECK(decided(facts, {}, keeping(0), due) == Decision{.is_destroyed = true, .rule = Rule::ceiling});
        CHECK_FALSE(decided(facts, {}, keeping(0), due - 1us).is_destroyed);
    }
}

TEST_CASE(
    "art. 7(5): only a legal or judicial hold with its basis outlives the ceiling",
    "[retention][rule]"
) {
    const SegmentFacts old = of_age(days{400});
    const TimeRange all{old.range.from - 1h, old.range.to + 1h};
    const Decision gone = decided(old, {hold(1, all)}, keeping());
    CHECK(gone.is_destroyed);
    CHECK(gone.rule == Rule::ceiling);
    CHECK(gone.holds.size() == 1);  // named, so that whoever placed it is told
    const Decision kept = decided(old, {hold(1, all), hold(2, all, true)}, keeping());
    CHECK_FALSE(kept.is_destroyed);
    CHECK(kept.rule == Rule::hold);
}

TEST_CASE(
    "art. 7(4): a hold protects whole segments that its half-open interval touches, of its cameras",
    "[retention][rule]"
) {
    const SegmentFacts facts = of_age(days{40});
    const auto [from, to] = facts.range;
    const auto is_held = [&facts](TimeRange interval) {
        return !decided(facts, {hold(1, interval)}, keeping()).is_destroyed;
    };
    CHECK(is_held({from, to}));
    CHECK(is_held({from + 10s, from + 11s}));
    CHECK(is_held({to - 1us, to + days{400}}));
    CHECK(is_held({from - 1h, from + 1us}));
    CHECK_FALSE(is_held({from - 1h, from}));
    CHECK_FALSE(is_held({to, to + 1h}));
    CHECK_FALSE(is_held({from + 10s, from + 10s}));
    HoldFacts foreign = hold(1, facts.range);
    foreign.camera_ids = {kOther};
    CHECK(decided(facts, {foreign}, keeping()).is_destroyed);
}

TEST_CASE(
    "art. 7(4): several holds own a segment; it goes when the last of them is released",
    "[retention][rule]"
) {
    const SegmentFacts facts = of_age(days{40});
    std::vector<HoldFacts> holds{hold(1, facts.range), hold(2, facts.range), hold(3, facts.range)};
    while (!holds.empty()) {
        const Decision decision = decided(facts, holds, keeping());
        CHECK_FALSE(decision.is_destroyed);
        CHECK(decision.holds.size() == holds.size());
        holds.pop_back();
    }
    CHECK(decided(facts, holds, keeping()).is_destroyed);
}

TEST_CASE(
    "art. 12: a raised floor binds at once, a lowered one only footage that began afterwards",
    "[retention][rule]"
) {
    const policy::History history{
        version(at("2026-01-01T00:00:00Z"), 30, 1),
        version(at("2026-06-01T00:00:00Z"), 60, 1),
        version(at("2026-09-01T00:00:00Z"), 20, 1),
    };
    const auto goes = [&history](const char* from, days age) {
        const SegmentFacts facts = segment(at(from), at(from) + 60s);
        return decided(facts, {}, history, facts.range.to + age).is_destroyed;
    };
    CHECK_FALSE(goes("2026-05-20T00:00:00Z", days{60} - days{1}));  // raised while it lay there
    CHECK(goes("2026-05-20T00:00:00Z", days{60}));
    CHECK(goes("2026-04-01T00:00:00Z", days{30}));        // before it was raised
    CHECK_FALSE(goes("2026-08-31T23:59:30Z", days{20}));  // began before it was lowered, ended afterwards
    CHECK(goes("2026-08-31T23:59:30Z", days{60}));
    CHECK(goes("2026-09-01T00:00:00Z", days{20}));
    CHECK_FALSE(goes("2026-09-01T00:00:00Z", days{20} - days{1}));
}

TEST_CASE(
    "art. 7(3), 6: room is made oldest first above the floor, and below it only as the allowed last resort",
    "[retention][rule]"
) {
    std::vector<SegmentFacts> segments;
    for (int age = 50; age > 0; age -= 5) {  // 50, 45 … 30 may go; 25 … 5 may not
        segments.push_back(of_age(days{age}));
        segments.back().bytes = 10;
    }
    const Holds holds{{hold(1, segments[1].range), hold(2, segments[6].range)}};
    const policy::History capacity = keeping(0);
    const auto taken = [](const SpacePlan& plan) {
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < plan.decisions.size(); ++i)
            if (plan.decisions[i].is_destroyed) places.push_back(i);
        return places;
    };
    using Places = std::vector<std::size_t>;
    CHECK(taken(make_space_plan(segments, holds, capacity, 0, true, kNow)) == Places{});
    const SpacePlan some = make_space_plan(segments, holds, capacity, 15, false, kNow);
    CHECK(taken(some) == Places{0, 2});
    CHECK(some.freed_bytes == 20);
    CHECK(some.is_enough);
    CHECK(some.decisions[0].rule == Rule::space);
    const SpacePlan stopped = make_space_plan(segments, holds, capacity, 1000, false, kNow);
    CHECK(taken(stopped) == Places{0, 2, 3, 4});
    CHECK_FALSE(stopped.is_enough);
    CHECK_FALSE(stopped.has_breached);
    const SpacePlan breached = make_space_plan(segments, holds, capacity, 55, true, kNow);
    CHECK(taken(breached) == Places{0, 2, 3, 4, 5, 7});  // 6 is held
    CHECK(breached.has_breached);
    CHECK(breached.decisions[7].rule == Rule::breach_floor);
}

TEST_CASE("the words of the rules are stored: they never change", "[retention]") {
    for (const char* word :
         {"RET_FLOOR_30D",
          "RET_WINDOW",
          "RET_CAPACITY",
          "RET_HOLD_ACTIVE",
          "RET_CEILING_1Y",
          "RET_SPACE",
          "RET_BREACH_FLOOR",
          "RET_OTHER_VOLUME"}) {
        const auto rule = rule_from(word);
        REQUIRE(rule);
        CHECK(to_string(*rule) == word);
    }
    CHECK_FALSE(rule_from("ret_floor_30d"));
}

}  // namespace
}  // namespace sluice::retention
