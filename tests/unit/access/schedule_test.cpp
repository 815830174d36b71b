#include "storage/access/schedule.hpp"

#include "config/base/files.hpp"
#include "config/policy/shipped.hpp"
#include "storage/calendar/office_csv.hpp"

#include <filesystem>
#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::access;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime kBeginning{};

calendar::Calendar calendar_of_2019() {
    const auto path =
        std::filesystem::path{SLUICE_SOURCE_DIR} / "tests" / "data" / "office_calendar_2019.csv";
    const auto table = calendar::parse_office_csv(read_text_file(path, calendar::kMostCalendarBytes).value());
    return calendar::Calendar{{table.value()}, {}};
}

std::vector<DatedHours> hours(std::chrono::minutes from, std::chrono::minutes to) {
    return {{.valid_from = kBeginning, .hours = {.free_from = from, .free_to = to}}};
}

DoorSchedule schedule_of(bool is_rear) {
    return {.is_rear = is_rear, .calendar = calendar_of_2019(), .hours = hours(8h, 18h), .overrides = {}};
}

/// A time of the wall clock in Taipei.
UtcTime taipei(const std::string& text) {
    return from_rfc3339(text + "+08:00").value();
}

ModeOverride decided(DoorMode mode, UtcTime from, std::optional<UtcTime> to, UtcTime placed = kBeginning) {
    static std::uint8_t number = 0;
    Uuid id;
    id.bytes[0] = ++number;
    return {.id = id, .mode = mode, .from = from, .to = to, .placed = placed};
}

struct Vector {
    const char* at;
    const char* main;
    const char* rear;
    const char* reason;
};

// 2019-10-02 is a Wednesday, 10-05 a Saturday on which people work, 10-10 and 10-11 are off.
constexpr Vector kVectors[] = {
    {"2019-10-02T00:00:00", "controlled", "blocked", "closed_hours"},
    {"2019-10-02T07:59:59.999999", "controlled", "blocked", "closed_hours"},
    {"2019-10-02T08:00:00", "free", "free", "office_hours"},
    {"2019-10-02T12:00:00", "free", "free", "office_hours"},
    {"2019-10-02T17:59:59.999999", "free", "free", "office_hours"},
    {"2019-10-02T18:00:00", "controlled", "blocked", "closed_hours"},
    {"2019-10-02T23:59:59.999999", "controlled", "blocked", "closed_hours"},
    {"2019-10-05T09:00:00", "free", "free", "office_hours"},
    {"2019-10-05T18:00:00", "controlled", "blocked", "closed_hours"},
    {"2019-10-06T00:00:00", "controlled", "controlled", "day_off"},
    {"2019-10-06T12:00:00", "controlled", "controlled", "day_off"},
    {"2019-10-09T18:00:00", "controlled", "blocked", "closed_hours"},
    {"2019-10-10T00:00:00", "controlled", "controlled", "day_off"},
    {"2019-10-10T08:00:00", "controlled", "controlled", "day_off"},
    {"2019-10-11T12:00:00", "controlled", "controlled", "day_off"},
    {"2019-10-11T23:59:59.999999", "controlled", "controlled", "day_off"},
    {"2019-10-14T08:00:00", "free", "free", "office_hours"},
};

/// Overrides of all kinds, thrown over a fortnight.
std::vector<ModeOverride> any_overrides(std::mt19937& random) {
    const UtcTime start = taipei("2019-10-01T00:00:00");
    std::uniform_int_distribution<int> count{0, 6};
    std::uniform_int_distribution<int> mode{0, 7};
    std::uniform_int_distribution<int> minute{0, 14 * 24 * 60};
    std::vector<ModeOverride> made;
    for (int i = count(random); i > 0; --i) {
        const UtcTime from = start + std::chrono::minutes{minute(random)};
        std::optional<UtcTime> to;
        if (minute(random) % 4 != 0) to = from + std::chrono::minutes{minute(random) % 4000};
        made.push_back(decided(static_cast<DoorMode>(mode(random)), from, to, start + 1min * minute(random)));
    }
    return made;
}

}  // namespace

TEST_CASE("a door's mode follows the office calendar to the microsecond", "[access][schedule]") {
    const auto main = schedule_of(false);
    const auto rear = schedule_of(true);
    for (const Vector& vector : kVectors) {
        CAPTURE(vector.at);
        const ModeAt at_main = mode_at(main, taipei(vector.at));
        CHECK(to_string(at_main.mode) == vector.main);
        CHECK(to_string(at_main.reason) == vector.reason);
        CHECK_FALSE(at_main.is_calendar_assumed);
        CHECK(to_string(mode_at(rear, taipei(vector.at)).mode) == vector.rear);
    }
}

TEST_CASE("a year without a calendar is Monday to Friday, and says so", "[access][schedule]") {
    const auto schedule = schedule_of(false);
    const ModeAt saturday = mode_at(schedule, taipei("2020-01-04T12:00:00"));
    CHECK(saturday.mode == DoorMode::controlled);
    CHECK(saturday.reason == ModeReason::day_off);
    CHECK(saturday.is_calendar_assumed);
    CHECK(mode_at(schedule, taipei("2020-01-03T12:00:00")).mode == DoorMode::free);
    // In Taipei it is 2020 already, in UTC it is not.
    CHECK(mode_at(schedule, taipei("2020-01-01T00:00:00")).is_calendar_assumed);
    CHECK_FALSE(mode_at(schedule, taipei("2019-12-31T23:59:59.999999")).is_calendar_assumed);
}

TEST_CASE("a typhoon day closes the doors as any day off does", "[access][schedule]") {
    auto schedule = schedule_of(true);
    const calendar::Day typhoon{
        .date = calendar::date_from("2020-01-03").value(), .is_off = true, .note = "颱風"
    };
    schedule.calendar = calendar::Calendar{{}, {typhoon}};
    CHECK(mode_at(schedule, taipei("2020-01-03T12:00:00")).mode == DoorMode::controlled);
    CHECK(mode_at(schedule, taipei("2020-01-03T18:00:00")).reason == ModeReason::day_off);
}

TEST_CASE("an override counts from its begin until its end, and not at it", "[access][schedule]") {
    auto schedule = schedule_of(false);
    const UtcTime from = taipei("2019-10-02T09:00:00");
    const UtcTime to = taipei("2019-10-02T10:00:00");
    schedule.overrides = {decided(DoorMode::manual, from, to)};
    CHECK(mode_at(schedule, from - 1us).mode == DoorMode::free);
    const ModeAt manual = mode_at(schedule, from);
    CHECK(manual.mode == DoorMode::manual);
    CHECK(manual.reason == ModeReason::decided);
    CHECK(manual.override_id == schedule.overrides[0].id);
    CHECK(mode_at(schedule, to - 1us).mode == DoorMode::manual);
    CHECK(mode_at(schedule, to).mode == DoorMode::free);
    // One that was ended before it began never counts.
    schedule.overrides = {decided(DoorMode::lockdown, to, from)};
    CHECK(mode_at(schedule, from).mode == DoorMode::free);
    CHECK(mode_at(schedule, to).mode == DoorMode::free);
}

TEST_CASE("of several overrides the strongest counts, of equal ones the last", "[access][schedule]") {
    auto schedule = schedule_of(true);
    const UtcTime at = taipei("2019-10-02T20:00:00");
    const DoorMode by_strength[] = {
        DoorMode::duty_period,
        DoorMode::eoc,
        DoorMode::controlled,
        DoorMode::manual,
        DoorMode::lockdown,
        DoorMode::fire_release
    };
    for (const DoorMode mode : by_strength) {
        // Placed before the weaker ones: strength is asked first.
        schedule.overrides.insert(
            schedule.overrides.begin(), decided(mode, at - 1h, at + 1h, kBeginning - 1h * int(mode))
        );
        CAPTURE(to_string(mode));
        CHECK(mode_at(schedule, at).mode == mode);
    }
    schedule.overrides = {
        decided(DoorMode::blocked, at, std::nullopt, at + 1s), decided(DoorMode::free, at, std::nullopt, at)
    };
    CHECK(mode_at(schedule, at).mode == DoorMode::blocked);
    std::ranges::reverse(schedule.overrides);
    CHECK(mode_at(schedule, at).mode == DoorMode::blocked);
}

TEST_CASE("other hours count from their version on", "[access][schedule][policy]") {
    auto schedule = schedule_of(false);
    const UtcTime change = taipei("2019-10-03T07:30:00");
    schedule.hours.push_back({.valid_from = change, .hours = {.free_from = 7h, .free_to = 17h}});
    CHECK(mode_at(schedule, taipei("2019-10-02T07:30:00")).mode == DoorMode::controlled);
    CHECK(mode_at(schedule, taipei("2019-10-02T17:30:00")).mode == DoorMode::free);
    CHECK(mode_at(schedule, change - 1us).mode == DoorMode::controlled);
    CHECK(mode_at(schedule, change).mode == DoorMode::free);
    CHECK(mode_at(schedule, taipei("2019-10-03T17:00:00")).mode == DoorMode::controlled);
    const auto periods = periods_in(schedule, {taipei("2019-10-03T00:00:00"), taipei("2019-10-04T00:00:00")});
    REQUIRE(periods.size() == 3);
    CHECK(periods[1].range == TimeRange{change, taipei("2019-10-03T17:00:00")});
}

TEST_CASE("the hours are the policy's, and the opening is marked as assumed", "[access][schedule][policy]") {
    const policy::History history{
        {.number = 1, .valid_from = kBeginning, .policy = policy::to_policy(policy::shipped_rules()).value()}
    };
    const auto dated = hours_of(history);
    REQUIRE(dated.size() == 1);
    CHECK(dated[0].hours == OfficeHours{.free_from = 8h, .free_to = 18h, .is_free_from_assumed = true});
    CHECK(hours_at(dated, kBeginning - 24h) == dated[0].hours);
}

TEST_CASE("periods of a working day and a day off", "[access][schedule]") {
    const auto periods =
        periods_in(schedule_of(true), {taipei("2019-10-09T00:00:00"), taipei("2019-10-12T00:00:00")});
    REQUIRE(periods.size() == 4);
    CHECK(periods[0].is.mode == DoorMode::blocked);
    CHECK(periods[1].range == TimeRange{taipei("2019-10-09T08:00:00"), taipei("2019-10-09T18:00:00")});
    CHECK(periods[1].is.mode == DoorMode::free);
    CHECK(periods[2].is.mode == DoorMode::blocked);
    CHECK(periods[3].range == TimeRange{taipei("2019-10-10T00:00:00"), taipei("2019-10-12T00:00:00")});
    CHECK(periods[3].is.mode == DoorMode::controlled);
    // From Monday evening until Tuesday morning the building is closed once.
    const auto night =
        periods_in(schedule_of(true), {taipei("2019-10-07T18:00:00"), taipei("2019-10-08T08:00:00")});
    CHECK(night.size() == 1);
    CHECK(periods_in(schedule_of(true), {kBeginning, kBeginning}).empty());
}

TEST_CASE(
    "whatever was decided, periods partition the time and say what the mode is at every instant",
    "[access][schedule][property]"
) {
    std::mt19937 random{20191002};
    const TimeRange range{taipei("2019-10-01T03:17:00"), taipei("2019-10-14T22:01:00")};
    for (int round = 0; round < 200; ++round) {
        auto schedule = schedule_of(round % 2 == 0);
        schedule.overrides = any_overrides(random);
        CAPTURE(round, schedule.overrides.size());
        const auto periods = periods_in(schedule, range);
        REQUIRE_FALSE(periods.empty());
        bool is_partition = periods.front().range.from == range.from && periods.back().range.to == range.to;
        bool is_minimal = true;
        bool is_right = true;
        for (std::size_t i = 0; i < periods.size(); ++i) {
            const ModePeriod& period = periods[i];
            is_partition = is_partition && !period.range.is_empty() &&
                           (i == 0 || periods[i - 1].range.to == period.range.from);
            is_minimal = is_minimal && (i == 0 || periods[i - 1].is != period.is);
            std::uniform_int_distribution<std::int64_t> inside{0, period.range.length().count() - 1};
            for (const Microseconds after : {0us, period.range.length() - 1us, Microseconds{inside(random)}})
                is_right = is_right && mode_at(schedule, period.range.from + after) == period.is;
        }
        CHECK(is_partition);
        CHECK(is_minimal);
        CHECK(is_right);
        // The order in which overrides are told does not matter.
        std::ranges::shuffle(schedule.overrides, random);
        CHECK(periods_in(schedule, range) == periods);
    }
}

TEST_CASE("words of modes are read back", "[access][schedule]") {
    for (int i = 0; i < 8; ++i) {
        const auto mode = static_cast<DoorMode>(i);
        CHECK(door_mode_from(to_string(mode)) == mode);
    }
    CHECK_FALSE(door_mode_from("open"));
}
