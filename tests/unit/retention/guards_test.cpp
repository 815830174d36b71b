#include "storage/retention/guards.hpp"

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;

const UtcTime kNow = from_rfc3339("2026-11-23T10:00:00Z").value();

GuardFacts sound() {
    return {
        .now = kNow,
        .is_confirmed = true,
        .newest_record = kNow - 1s,
        .newest_footage = kNow - 30s,
        .is_synchronised = true,
        .last_synchronised = kNow,
        .recorder_lives = true,
    };
}
constexpr policy::ClockLimits kLimits{.unsynchronised = 24h, .apart = 60min};

std::string codes(const GuardFacts& facts, const Consent& consent = {}) {
    std::string all;
    for (const Refusal& refusal : find_refusals(facts, kLimits, consent)) {
        CHECK_FALSE(refusal.detail.empty());
        all += (all.empty() ? "" : " ") + refusal.code;
    }
    return all;
}
constexpr Consent kClock{.plan = false, .clock = true};

TEST_CASE("nothing stands against a purge on a sound site", "[retention][rule]") {
    CHECK(codes(sound()).empty());
}

TEST_CASE("an unconfirmed catalogue refuses, whatever is confirmed beside it", "[retention][rule]") {
    GuardFacts facts = sound();
    facts.is_confirmed = false;
    CHECK(codes(facts) == "CATALOGUE_UNCONFIRMED");
    CHECK(codes(facts, {.plan = true, .clock = true}) == "CATALOGUE_UNCONFIRMED");
}

TEST_CASE("a database of another version refuses, whatever is confirmed", "[retention][rule]") {
    for (const int version : {36, 38}) {
        GuardFacts facts = sound();
        facts.schema = version;
        facts.required_schema = 37;
        CHECK(codes(facts, {.plan = true, .clock = true}) == "DATABASE_NOT_MIGRATED");
    }
}

TEST_CASE("the limits of a clock are the policy's", "[retention][rule]") {
    GuardFacts facts = sound();
    facts.is_synchronised = false;
    facts.last_synchronised = kNow - 3h;
    facts.newest_footage = kNow - 3h;
    CHECK(find_refusals(facts, {.unsynchronised = 3h, .apart = 180min}, {}).empty());
    const auto stricter = find_refusals(facts, {.unsynchronised = 2h, .apart = 179min}, {});
    REQUIRE(stricter.size() == 2);
    CHECK(stricter[0].code == "CLOCK_UNSYNCHRONISED");
    CHECK(stricter[0].detail.find("over 2 hours ago") != std::string::npos);
    CHECK(stricter[1].code == "CLOCK_DOUBTFUL");
}

TEST_CASE(
    "a clock before the newest record of the audit log refuses, and nobody can confirm it away",
    "[retention][rule]"
) {
    GuardFacts facts = sound();
    facts.newest_record = kNow + 2s;
    CHECK(codes(facts).empty());  // what two reads of clocks may differ by
    facts.newest_record = kNow + 2s + 1us;
    CHECK(codes(facts) == "CLOCK_BEFORE_LEDGER");
    CHECK(codes(facts, kClock) == "CLOCK_BEFORE_LEDGER");
    facts.newest_record.reset();
    CHECK(codes(facts).empty());
}

TEST_CASE(
    "a host that was unsynchronised for over a day refuses, until somebody confirms the clock",
    "[retention][rule]"
) {
    GuardFacts facts = sound();
    facts.last_synchronised.reset();
    CHECK(codes(facts).empty());  // it is now
    for (const std::optional<bool> now : {std::optional{false}, std::optional<bool>{}}) {
        facts.is_synchronised = now;
        facts.last_synchronised = kNow - 24h;
        CHECK(codes(facts).empty());
        facts.last_synchronised = kNow - 24h - 1us;
        CHECK(codes(facts) == "CLOCK_UNSYNCHRONISED");
        CHECK(codes(facts, kClock).empty());
        facts.last_synchronised.reset();
        CHECK(codes(facts) == "CLOCK_UNSYNCHRONISED");
    }
}

TEST_CASE("newest footage over an hour away from now refuses while the recorder lives", "[retention][rule]") {
    for (const auto apart : {-1h - 1us, 1h + 1us}) {
        GuardFacts facts = sound();
        facts.newest_footage = kNow + apart;
        CHECK(codes(facts) == "CLOCK_DOUBTFUL");
        CHECK(codes(facts, kClock).empty());
        facts.recorder_lives = false;
        CHECK(codes(facts).empty());
    }
    GuardFacts facts = sound();
    facts.newest_footage = kNow - 1h;
    CHECK(codes(facts).empty());
    facts.newest_footage.reset();
    CHECK(codes(facts) == "CLOCK_DOUBTFUL");
}

TEST_CASE("a plan larger than the policy's part of all footage needs a confirmation", "[retention][rule]") {
    CHECK_FALSE(judge_size(20h, 100h, 20, {}));
    CHECK(judge_size(20h + 1us, 100h, 20, {})->code == "PLAN_TOO_LARGE");
    CHECK_FALSE(judge_size(100h, 100h, 20, {.plan = true, .clock = false}));
    CHECK_FALSE(judge_size(0h, 0h, 20, {}));
    CHECK(judge_size(1h, 0h, 20, {}));
    CHECK(judge_size(1us, 100h, 0, {}));
}

}  // namespace
}  // namespace sluice::retention
