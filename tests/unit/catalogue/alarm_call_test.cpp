#include "storage/catalogue/alarm_call.hpp"

#include <catch2/catch.hpp>

namespace sluice::catalogue {
namespace {

using namespace std::chrono_literals;
using access::AlarmKind;
using duty::IncidentKind;

constexpr UtcTime kNow = from_epoch_us(1'795'000'000'000'000);

access::Alarm alarm(AlarmKind kind, UtcTime at, std::optional<UtcTime> until, bool is_after_hours = true) {
    access::Alarm made;
    made.kind = kind;
    made.at = at;
    made.until = until;
    made.is_after_hours = is_after_hours;
    return made;
}

TEST_CASE("every kind of alarm is an incident, a notice, or a line of the weekly report", "[access][rule]") {
    struct Row {
        AlarmKind kind;
        bool is_after_hours;
        AlarmCall call;
    };
    const Row rows[] = {
        {AlarmKind::held_open, true, {IncidentKind::door_held, false}},
        {AlarmKind::held_open, false, {std::nullopt, false}},
        {AlarmKind::forced_open, false, {IncidentKind::door_forced, false}},
        {AlarmKind::after_hours_unlocked, true, {IncidentKind::door_held, false}},
        {AlarmKind::rear_door_open, true, {IncidentKind::door_forced, false}},
        {AlarmKind::entry_not_main_door, true, {std::nullopt, true}},
        {AlarmKind::controller_silent, true, {IncidentKind::controller_failure, false}},
        {AlarmKind::index_gap, false, {std::nullopt, true}},
        {AlarmKind::clock_offset, false, {std::nullopt, true}},
    };
    for (const Row& row : rows) {
        CAPTURE(access::to_string(row.kind), row.is_after_hours);
        CHECK((call_of(alarm(row.kind, kNow - 1h, kNow, row.is_after_hours), 7, kNow) == row.call));
    }
}

TEST_CASE(
    "what became known too late calls nobody, but for a controller that is silent still",
    "[access][rule]"
) {
    const auto calls = [](AlarmKind kind, UtcTime at, std::optional<UtcTime> until) {
        return call_of(alarm(kind, at, until), 7, kNow) != AlarmCall{};
    };
    const UtcTime border = kNow - 7 * 24h;
    CHECK(calls(AlarmKind::forced_open, border, border));
    CHECK_FALSE(calls(AlarmKind::forced_open, border - 1us, border));
    CHECK_FALSE(calls(AlarmKind::index_gap, border - 1us, border));
    CHECK_FALSE(calls(AlarmKind::held_open, border - 1us, std::nullopt));  // the next file may tell its end
    CHECK_FALSE(calls(AlarmKind::controller_silent, border - 1us, kNow - 1h));
    CHECK(calls(AlarmKind::controller_silent, border - 1us, std::nullopt));
}

}  // namespace
}  // namespace sluice::catalogue
