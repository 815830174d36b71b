#include "jobs/power.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::jobs;

namespace {

std::string code_of(std::optional<PowerState> before, PowerState state) {
    catalogue::PowerRow change;
    change.ups = "ups-1";
    change.before = before;
    change.state = state;
    const auto news = judge_power(change);
    return news ? news->code + (news->incident ? " incident" : "") : "";
}

}  // namespace

TEST_CASE("a change of power is told by what it was before", "[power][rule]") {
    using enum PowerState;
    struct Row {
        std::optional<PowerState> before;
        PowerState state;
        const char* code;
    };
    const Row rows[] = {
        {std::nullopt, mains, ""},
        {std::nullopt, battery, "power.on_battery incident"},
        {std::nullopt, battery_low, "power.battery_low incident"},
        {std::nullopt, unknown, "power.unknown"},
        {mains, mains, ""},
        {mains, battery, "power.on_battery incident"},
        {mains, battery_low, "power.battery_low incident"},
        {mains, unknown, "power.unknown"},
        {battery, mains, "power.restored"},
        {battery, battery, ""},
        {battery, battery_low, "power.battery_low incident"},
        {battery, unknown, "power.unknown"},
        {battery_low, mains, "power.restored"},
        {battery_low, battery, ""},
        {battery_low, battery_low, ""},
        {battery_low, unknown, "power.unknown"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.before ? to_string(*row.before) : "nothing", to_string(row.state));
        CHECK(code_of(row.before, row.state) == row.code);
    }
}

TEST_CASE("an empty battery of the locks says that the doors are about to open", "[power][rule]") {
    catalogue::PowerRow change;
    change.state = PowerState::battery_low;
    CHECK(judge_power(change)->incident->find("locks") == std::string::npos);
    change.feeds_locks = true;
    CHECK(judge_power(change)->incident->find("locks that it feeds are about to open") != std::string::npos);
}
