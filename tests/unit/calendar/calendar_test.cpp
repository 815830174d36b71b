#include "storage/calendar/calendar.hpp"

#include "config/base/files.hpp"
#include "storage/calendar/office_csv.hpp"

#include <filesystem>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::calendar;

namespace {

Date date(const char* text) {
    return date_from(text).value();
}

YearTable year_2019() {
    const auto path =
        std::filesystem::path{SLUICE_SOURCE_DIR} / "tests" / "data" / "office_calendar_2019.csv";
    return parse_office_csv(read_text_file(path, kMostCalendarBytes).value()).value();
}

Due due(const char* day, bool is_assumed) {
    return {.date = date(day), .is_assumed = is_assumed};
}

}  // namespace

TEST_CASE("working days are those of the published year, not of the week", "[calendar]") {
    const Calendar calendar{{year_2019()}, {}};
    CHECK(calendar.has_year(2019));
    CHECK(calendar.is_working_day(date("2019-10-05")));  // a Saturday that makes up for the 11th
    CHECK_FALSE(calendar.is_working_day(date("2019-10-06")));
    CHECK_FALSE(calendar.is_working_day(date("2019-10-10")));
    CHECK_FALSE(calendar.is_working_day(date("2019-10-11")));
    CHECK(calendar.is_working_day(date("2019-10-14")));
}

TEST_CASE("an unpublished year is Monday to Friday, and says so", "[calendar]") {
    const Calendar calendar;
    CHECK_FALSE(calendar.has_year(2019));
    CHECK_FALSE(calendar.is_working_day(date("2019-10-05")));
    CHECK(calendar.is_working_day(date("2019-10-10")));
    CHECK(due_date(date("2019-09-26"), 15, calendar) == due("2019-10-11", true));
}

TEST_CASE("a typhoon day stands against the published year, and another decision against it", "[calendar]") {
    const Day typhoon{.date = date("2019-10-14"), .is_off = true, .note = "颱風"};
    CHECK_FALSE(Calendar{{year_2019()}, {typhoon}}.is_working_day(typhoon.date));
    const Day again{.date = typhoon.date, .is_off = false, .note = "照常上班"};
    CHECK(Calendar{{year_2019()}, {typhoon, again}}.is_working_day(typhoon.date));
    CHECK(due_date(date("2019-09-26"), 15, Calendar{{year_2019()}, {typhoon}}) == due("2019-10-15", false));
}

TEST_CASE(
    "days of law are counted from the day after, and an end on a day off moves on",
    "[calendar][deadline]"
) {
    const Calendar calendar{{year_2019()}, {}};
    CHECK(
        due_date(date("2019-09-26"), 15, calendar) == due("2019-10-14", false)
    );  // 10-11 off, then a week-end
    CHECK(
        due_date(date("2019-09-20"), 15, calendar) == due("2019-10-05", false)
    );  // a Saturday that is worked
    CHECK(due_date(date("2019-10-01"), 7, calendar) == due("2019-10-08", false));
    CHECK(due_date(date("2019-09-30"), 10, calendar) == due("2019-10-14", false));
    CHECK(due_date(date("2019-10-14"), 0, calendar) == due("2019-10-14", false));
    // A decision that is put off: fifteen days more, from the last one that there was.
    CHECK(due_date(date("2019-10-14"), 15, calendar) == due("2019-10-29", false));
    CHECK(to_rfc3339(end_of(due("2019-10-14", false))) == "2019-10-14T16:00:00.000000Z");
}

TEST_CASE("a deadline that reaches into an unpublished year is marked as assumed", "[calendar][deadline]") {
    const Calendar calendar{{year_2019()}, {}};
    CHECK(due_date(date("2019-12-16"), 15, calendar) == due("2019-12-31", false));
    CHECK(due_date(date("2019-12-17"), 15, calendar) == due("2020-01-01", true));
}

TEST_CASE("a calendar without a working day still gives an end", "[calendar][deadline]") {
    std::vector<Day> all_off;
    for (int i = 0; i < 800; ++i)
        all_off.push_back({.date = date("2019-01-01") + days{i}, .is_off = true, .note = {}});
    CHECK(due_date(date("2019-01-01"), 1, Calendar{{}, all_off}).date == date("2019-01-02") + days{366});
}

TEST_CASE("the next year is asked for from December on", "[calendar]") {
    const Calendar calendar{{year_2019()}, {}};
    CHECK(missing_years(calendar, date("2019-11-30")).empty());
    CHECK(missing_years(calendar, date("2019-12-01")) == std::vector<int>{2020});
    CHECK(missing_years(calendar, date("2020-01-01")) == std::vector<int>{2020});
    CHECK(missing_years(Calendar{}, date("2019-12-01")) == std::vector<int>{2019, 2020});
}
