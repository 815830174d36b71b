#include "storage/release/viewing.hpp"

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow = from_epoch_us(1'795'000'000'000'000);

ViewingFacts playing() {
    ViewingFacts facts;
    facts.grant_to = kNow + 24h;
    facts.slot = {kNow - 10min, kNow + 50min};
    facts.joined = kNow - 5min;
    facts.presence_to = kNow + 2min;
    return facts;
}

TEST_CASE("nothing plays without an escort who is there (article 9(4))", "[release]") {
    ViewingFacts facts = playing();
    REQUIRE_FALSE(find_obstacle(facts, kNow));
    CHECK_FALSE(find_obstacle(facts, kNow + 2min - 1us));
    CHECK(find_obstacle(facts, kNow + 2min) == Obstacle::no_escort);
    facts.joined.reset();
    CHECK(find_obstacle(facts, kNow) == Obstacle::no_escort);
    CHECK(code_of(Obstacle::no_escort) == "ART9_4A_NO_ESCORT");
}

TEST_CASE("each thing that stands against playing is named, the first one first", "[release]") {
    struct Row {
        const char* name;
        std::function<void(ViewingFacts&)> spoil;
        Obstacle obstacle;
        const char* code;
    };
    const std::vector<Row> rows{
        {"ended", [](ViewingFacts& f) { f.is_ended = true; }, Obstacle::ended, "VIEWING_ENDED"},
        {"a mask without rendering",
         [](ViewingFacts& f) { f.is_masked = true; },
         Obstacle::masked,
         "MASK_NOT_RENDERED"},
        {"a grant to copy",
         [](ViewingFacts& f) { f.is_view = false; },
         Obstacle::no_grant,
         "ART7_NOT_APPROVED"},
        {"revoked", [](ViewingFacts& f) { f.is_revoked = true; }, Obstacle::no_grant, "ART7_NOT_APPROVED"},
        {"another state",
         [](ViewingFacts& f) { f.is_in_session = false; },
         Obstacle::no_grant,
         "ART7_NOT_APPROVED"},
        {"no longer valid",
         [](ViewingFacts& f) { f.grant_to = kNow; },
         Obstacle::no_grant,
         "ART7_NOT_APPROVED"},
        {"before the slot",
         [](ViewingFacts& f) { f.slot.from = kNow + 1us; },
         Obstacle::no_slot,
         "ART7_NOT_APPROVED"},
        {"after the slot", [](ViewingFacts& f) { f.slot.to = kNow; }, Obstacle::no_slot, "ART7_NOT_APPROVED"},
        {"nobody joined", [](ViewingFacts& f) { f.joined.reset(); }, Obstacle::no_escort, "ART9_4A_NO_ESCORT"
        },
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO(rows[i].name);
        ViewingFacts facts = playing();
        rows[i].spoil(facts);
        CHECK(find_obstacle(facts, kNow) == rows[i].obstacle);
        CHECK(code_of(rows[i].obstacle) == rows[i].code);
        for (std::size_t later = i + 1; later < rows.size(); ++later)
            rows[later].spoil(facts);
        CHECK(find_obstacle(facts, kNow) == rows[i].obstacle);
    }
}

TEST_CASE("a playlist grows with the clock and never shrinks", "[release]") {
    const std::vector<Microseconds> entries{6s, 6s, 4s, 6s};
    struct Row {
        Microseconds elapsed;
        std::size_t count;
    };
    for (const Row row :
         {Row{-5s, 2}, Row{0s, 2}, Row{4s - 1us, 2}, Row{4s, 3}, Row{10s - 1us, 3}, Row{10s, 4}, Row{1h, 4}})
        CHECK(count_listed(entries, row.elapsed) == row.count);
    CHECK(count_listed({}, 1h) == 0);
}

TEST_CASE("whatever is asked and when, no more than the limit is ever ahead of the clock", "[release]") {
    std::mt19937 random{11};
    const auto draw = [&](int low, int high) { return std::uniform_int_distribution{low, high}(random); };
    constexpr Microseconds ahead = 30s;
    for (int round = 0; round < 200; ++round) {
        struct Given {
            UtcTime at;
            Microseconds media;
        };
        std::vector<Given> given;
        std::optional<UtcTime> paid;
        UtcTime now = kNow;
        for (int ask = 0; ask < 100; ++ask) {
            now += Microseconds{draw(0, 3) == 0 ? draw(0, 20'000'000) : draw(0, 500'000)};
            const Microseconds media = draw(1, 6'000) * 1ms;
            const Charge charged = charge(paid, now, media, ahead);
            if (!charged.is_allowed) {
                REQUIRE(charged.too_early > 0us);
                // Told when to come again, it is given then and not a microsecond earlier.
                REQUIRE(charge(paid, now + charged.too_early, media, ahead).is_allowed);
                REQUIRE_FALSE(charge(paid, now + charged.too_early - 1us, media, ahead).is_allowed);
                continue;
            }
            paid = charged.paid_until;
            given.push_back({now, media});
        }
        // From any moment on: what was given is no longer than what has passed, and the limit.
        for (std::size_t first = 0; first < given.size(); ++first) {
            Microseconds sum{0};
            for (std::size_t last = first; last < given.size(); ++last) {
                sum += given[last].media;
                REQUIRE(sum <= given[last].at - given[first].at + ahead);
            }
        }
    }
}

TEST_CASE(
    "who plays at the pace of the clock is never refused, and a seek now and then is borne",
    "[release]"
) {
    std::optional<UtcTime> paid;
    const std::vector<Microseconds> entries(100, 6s);
    UtcTime began = kNow;
    std::size_t fetched = 0;
    for (UtcTime now = kNow; now < kNow + 5min; now += 500ms) {
        if (now == kNow + 2min || now == kNow + 4min) {
            began = now;
            fetched = 0;
        }
        for (; fetched < count_listed(entries, now - began); ++fetched) {
            const Charge charged = charge(paid, now, entries[fetched], 30s);
            REQUIRE(charged.is_allowed);
            paid = charged.paid_until;
        }
    }
}

}  // namespace
}  // namespace sluice::release
