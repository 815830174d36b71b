#include "daemon/ups/track.hpp"

#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::ups;
using namespace std::chrono_literals;

namespace {

constexpr Microseconds kPatience = 18s;

struct Day {
    Track track{};
    BootTime now{};
    std::vector<PowerState> told{};

    void round(std::optional<PowerState> found) {
        if (const auto news = next(track, found, now, kPatience)) told.push_back(*news);
        now += 5s;
    }
};

}  // namespace

TEST_CASE("each change of power is told once, the first word too", "[ups]") {
    Day day;
    for (const PowerState state :
         {PowerState::mains,
          PowerState::mains,
          PowerState::battery,
          PowerState::battery,
          PowerState::battery_low,
          PowerState::mains,
          PowerState::mains})
        day.round(state);
    CHECK(
        day.told ==
        std::vector{PowerState::mains, PowerState::battery, PowerState::battery_low, PowerState::mains}
    );
    CHECK_FALSE(day.track.is_on_battery);
}

TEST_CASE("one lost answer is no news, a silent UPS becomes unknown once", "[ups]") {
    Day day;
    day.round(PowerState::mains);
    day.round(std::nullopt);
    day.round(PowerState::unknown);  // it answers, and says nothing of the power
    day.round(PowerState::mains);
    CHECK(day.told == std::vector{PowerState::mains});
    for (int i = 0; i < 10; ++i)
        day.round(std::nullopt);
    day.round(PowerState::mains);
    CHECK(day.told == std::vector{PowerState::mains, PowerState::unknown, PowerState::mains});
}

TEST_CASE("unknown is said when the patience is over and not a moment earlier", "[ups]") {
    Track track;
    REQUIRE(next(track, PowerState::mains, BootTime{1s}, kPatience));
    CHECK_FALSE(next(track, std::nullopt, BootTime{1s} + kPatience - 1us, kPatience));
    CHECK(next(track, std::nullopt, BootTime{1s} + kPatience, kPatience) == PowerState::unknown);
}

TEST_CASE("a UPS that falls silent on battery still counts as on battery", "[ups]") {
    Day day;
    day.round(PowerState::battery);
    for (int i = 0; i < 10; ++i)
        day.round(std::nullopt);
    CHECK(day.told.back() == PowerState::unknown);
    CHECK(day.track.is_on_battery);
    day.round(PowerState::mains);
    CHECK_FALSE(day.track.is_on_battery);
}

TEST_CASE("a UPS that never answers is said to be unknown", "[ups]") {
    Day day;
    for (int i = 0; i < 10; ++i)
        day.round(std::nullopt);
    CHECK(day.told == std::vector{PowerState::unknown});
    CHECK_FALSE(day.track.is_on_battery);
}
