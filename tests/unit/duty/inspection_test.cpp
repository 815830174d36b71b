#include "storage/duty/inspection.hpp"

#include "storage/calendar/office_csv.hpp"

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

namespace sluice::duty {
namespace {

using namespace std::chrono_literals;
using calendar::start_of;

const policy::DutyPolicy kPolicy{
    .repair_after = 60min,
    .inspection_due = 8h + 30min,
    .coverage_percent = 95,
    .notice_days_ahead = {7, 1},
    .ups_test = 4h,
    .period_raises = 1
};

Date day(const char* text) {
    return *calendar::date_from(text);
}

calendar::Calendar office() {
    std::ifstream file{std::string{SLUICE_SOURCE_DIR} + "/tests/data/office_calendar_2019.csv"};
    std::stringstream text;
    text << file.rdbuf();
    const auto table = calendar::parse_office_csv(text.str());
    REQUIRE(table);
    return {{*table}, {}};
}

SheetState state(const char* date, std::optional<UtcTime> filled, UtcTime now) {
    return sheet_state(day(date), filled, office(), kPolicy, now);
}

TEST_CASE("the printed marks stand for in order: no problem prints √, a problem ×", "[duty][inspection]") {
    CHECK(marks_of({.works = true, .has_problem = false}) == Marks{"√", "√"});
    CHECK(marks_of({.works = true, .has_problem = true}) == Marks{"√", "×"});
    CHECK(marks_of({.works = false, .has_problem = false}) == Marks{"×", "√"});
    CHECK(marks_of({.works = false, .has_problem = true}) == Marks{"×", "×"});
}

TEST_CASE(
    "a sheet is due at 08:30 in Taiwan on a working day, late after it, missed after the day",
    "[duty][inspection]"
) {
    const UtcTime midnight = start_of(day("2019-10-02"));
    const UtcTime due = midnight + 8h + 30min;
    CHECK(state("2019-10-02", std::nullopt, midnight - 1us) == SheetState::upcoming);
    CHECK(state("2019-10-02", std::nullopt, midnight) == SheetState::due);
    CHECK(state("2019-10-02", std::nullopt, due - 1us) == SheetState::due);
    CHECK(state("2019-10-02", std::nullopt, due) == SheetState::late);
    CHECK(state("2019-10-02", std::nullopt, midnight + 24h - 1us) == SheetState::late);
    CHECK(state("2019-10-02", std::nullopt, midnight + 24h) == SheetState::missed);
    CHECK(state("2019-10-02", due - 1us, due) == SheetState::filled);
    CHECK(state("2019-10-02", due, due) == SheetState::filled_late);
    CHECK(state("2019-10-02", midnight + 48h, midnight + 50h) == SheetState::filled_late);
}

TEST_CASE("the office calendar says on which days a sheet is due", "[duty][inspection]") {
    const UtcTime later = start_of(day("2019-12-01"));
    CHECK(state("2019-10-05", std::nullopt, later) == SheetState::missed);  // a working Saturday
    CHECK(state("2019-10-06", std::nullopt, later) == SheetState::day_off);
    CHECK(state("2019-10-10", std::nullopt, later) == SheetState::day_off);
    CHECK(state("2019-10-11", std::nullopt, later) == SheetState::day_off);
    CHECK(state("2019-10-10", later, later) == SheetState::filled);  // nobody had to
}

TEST_CASE(
    "every sheet has one state, which only ever goes on while nobody fills it",
    "[duty][inspection][property]"
) {
    const calendar::Calendar calendar = office();
    for (Date date = day("2019-09-25"); date < day("2019-10-20"); date += calendar::days{1}) {
        SheetState last = SheetState::upcoming;
        for (auto hour = -30h; hour < 60h; hour += 1h) {
            const UtcTime now = start_of(date) + hour;
            const SheetState current = sheet_state(date, std::nullopt, calendar, kPolicy, now);
            if (!calendar.is_working_day(date)) {
                if (current != SheetState::day_off)
                    FAIL("somebody has to work on " << calendar::to_iso(date));
                continue;
            }
            if (current < last) FAIL("it went back on " << calendar::to_iso(date));
            last = current;
        }
        if (calendar.is_working_day(date)) CHECK(last == SheetState::missed);
    }
}

Evidence evidence(unsigned per_mille) {
    return {
        .looked_at = {},
        .uptime_per_mille = 1000,
        .cameras = {{"lobby", 1000}, {"door", per_mille}},
        .controllers = {}
    };
}

TEST_CASE("one camera below the policy's coverage speaks against the sheet", "[duty][inspection]") {
    CHECK(is_cctv_ok(evidence(950), kPolicy));
    CHECK_FALSE(is_cctv_ok(evidence(949), kPolicy));
    CHECK_FALSE(is_cctv_ok(Evidence{}, kPolicy));  // nothing recorded at all
    CHECK_FALSE(is_access_ok(evidence(1000)).has_value());
    Evidence heard = evidence(1000);
    heard.controllers = {{"main", start_of(day("2019-10-02"))}};
    CHECK(is_access_ok(heard) == true);
    heard.controllers.push_back({"rear", std::nullopt});
    CHECK(is_access_ok(heard) == false);
}

TEST_CASE("a √ against failing evidence is a discrepancy, a × never is", "[duty][inspection]") {
    constexpr Tick good{};
    constexpr Tick bad{.works = true, .has_problem = true};
    using Found = std::vector<std::string_view>;
    CHECK(discrepancies(good, good, true, true) == Found{});
    CHECK(discrepancies(good, good, false, true) == Found{"cctv"});
    CHECK(discrepancies(good, good, false, false) == Found{"access", "cctv"});
    CHECK(discrepancies(good, good, true, std::nullopt) == Found{});
    CHECK(discrepancies(bad, bad, false, false) == Found{});
    CHECK(discrepancies(bad, good, false, false) == Found{"cctv"});
}

}  // namespace
}  // namespace sluice::duty
