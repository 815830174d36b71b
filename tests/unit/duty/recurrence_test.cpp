#include "storage/duty/recurrence.hpp"

#include "storage/calendar/office_csv.hpp"

#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::duty {
namespace {

using calendar::days;
using namespace std::chrono_literals;

Date day(const char* text) {
    return *calendar::date_from(text);
}

/// 2019 as the government published it; 2020 is not published.
calendar::Calendar office() {
    std::ifstream file{std::string{SLUICE_SOURCE_DIR} + "/tests/data/office_calendar_2019.csv"};
    std::stringstream text;
    text << file.rdbuf();
    const auto table = calendar::parse_office_csv(text.str());
    REQUIRE(table);
    return {{*table}, {}};
}

std::vector<std::string> told(const std::vector<Turn>& found) {
    std::vector<std::string> lines;
    for (const Turn& turn : found)
        lines.push_back(calendar::to_iso(turn.on) + " " + calendar::to_iso(turn.due));
    return lines;
}

TEST_CASE(
    "a daily duty follows the office: a working Saturday counts, a holiday does not",
    "[duty][recurrence]"
) {
    const auto found =
        turns({.recurs = Recurs::working_daily}, day("2019-10-02"), day("2019-10-15"), office());
    std::vector<std::string> days;
    for (const Turn& turn : found) {
        CHECK(turn.on == turn.due);
        days.push_back(calendar::to_iso(turn.on));
    }
    CHECK(
        days ==
        std::vector<std::string>{
            "2019-10-02",
            "2019-10-03",
            "2019-10-04",
            "2019-10-05",
            "2019-10-07",
            "2019-10-08",
            "2019-10-09",
            "2019-10-14"
        }
    );
}

TEST_CASE(
    "what falls on a day off is due on the next working day, and keeps its name",
    "[duty][recurrence]"
) {
    const calendar::Calendar calendar = office();
    const Recurrence weekly{.recurs = Recurs::weekly, .weekday = std::chrono::Friday};
    CHECK(
        told(turns(weekly, day("2019-10-01"), day("2019-10-19"), calendar)) ==
        std::vector<std::string>{"2019-10-04 2019-10-04", "2019-10-11 2019-10-14", "2019-10-18 2019-10-18"}
    );
    const Recurrence monthly{.recurs = Recurs::monthly, .day = 31};
    CHECK(
        told(turns(monthly, day("2019-02-01"), day("2019-05-01"), calendar)) ==
        std::vector<std::string>{"2019-02-28 2019-03-04", "2019-03-31 2019-04-01", "2019-04-30 2019-04-30"}
    );
    const Recurrence yearly{.recurs = Recurs::yearly, .month = 10, .day = 10};
    CHECK(
        told(turns(yearly, day("2019-01-01"), day("2020-01-01"), calendar)) ==
        std::vector<std::string>{"2019-10-10 2019-10-14"}
    );
    const Recurrence leap{.recurs = Recurs::yearly, .month = 2, .day = 29};
    CHECK(turns(leap, day("2020-01-01"), day("2021-01-01"), calendar).at(0).on == day("2020-02-29"));
    CHECK(turns(leap, day("2019-01-01"), day("2020-01-01"), calendar).at(0).on == day("2019-02-28"));
}

TEST_CASE("a year that nobody published is said to be assumed", "[duty][recurrence]") {
    const Recurrence yearly{.recurs = Recurs::yearly, .month = 1, .day = 10};
    CHECK_FALSE(turns(yearly, day("2019-01-01"), day("2020-01-01"), office()).at(0).is_assumed);
    CHECK(turns(yearly, day("2020-01-01"), day("2021-01-01"), office()).at(0).is_assumed);
}

TEST_CASE(
    "a turn is upcoming, due, overdue or done, at the border of the day in Taiwan",
    "[duty][recurrence]"
) {
    const Turn turn{.on = day("2019-10-11"), .due = day("2019-10-14")};
    const UtcTime begin = calendar::start_of(day("2019-10-14"));
    const UtcTime end = calendar::start_of(day("2019-10-15"));
    CHECK(state_of(turn, std::nullopt, begin - 1us) == TurnState::upcoming);
    CHECK(state_of(turn, std::nullopt, begin) == TurnState::due);
    CHECK(state_of(turn, std::nullopt, end - 1us) == TurnState::due);
    CHECK(state_of(turn, std::nullopt, end) == TurnState::overdue);
    CHECK(state_of(turn, end - 1us, end + 24h) == TurnState::done);
    CHECK(state_of(turn, end, end + 24h) == TurnState::done_late);
    CHECK(state_of(turn, begin - 100h, begin) == TurnState::done);
}

TEST_CASE(
    "a duty is told at the nearest distance that has come, once its last day is over no more",
    "[duty][recurrence]"
) {
    const unsigned ahead[] = {7, 1};
    const Date due = day("2019-10-14");
    const auto at = [&](int before) {
        return days_to_tell(due, ahead, calendar::start_of(due - days{before}));
    };
    CHECK_FALSE(at(8).has_value());
    CHECK(at(7) == 7U);
    CHECK(at(2) == 7U);
    CHECK(at(1) == 1U);
    CHECK(at(0) == 1U);
    CHECK_FALSE(at(-1).has_value());
}

TEST_CASE(
    "turns of any recurrence are in order, once a round, on working days, and the same in pieces",
    "[duty][recurrence][property]"
) {
    const calendar::Calendar calendar = office();
    std::mt19937 dice{20191010};
    const auto throw_dice = [&](unsigned least, unsigned most) {
        return std::uniform_int_distribution<unsigned>{least, most}(dice);
    };
    for (int round = 0; round < 300; ++round) {
        const Recurrence recurrence{
            .recurs = static_cast<Recurs>(throw_dice(0, 3)),
            .weekday = std::chrono::weekday{throw_dice(0, 6)},
            .month = throw_dice(1, 12),
            .day = throw_dice(1, 31)
        };
        const Date from = day("2018-06-01") + days{throw_dice(0, 700)};
        const Date to = from + days{throw_dice(0, 500)};
        const auto whole = turns(recurrence, from, to, calendar);
        for (std::size_t i = 0; i < whole.size(); ++i) {
            if (whole[i].on < from || whole[i].on >= to) FAIL("a turn outside what was asked");
            if (whole[i].due < whole[i].on || !calendar.is_working_day(whole[i].due))
                FAIL("due on a day off");
            if (i > 0 && whole[i - 1].on >= whole[i].on) FAIL("out of order, or twice");
        }
        const Date middle = from + (to - from) / 2;
        auto pieces = turns(recurrence, from, middle, calendar);
        for (const Turn& turn : turns(recurrence, middle, to, calendar))
            pieces.push_back(turn);
        if (pieces != whole) FAIL("the pieces are not the whole");
    }
}

TEST_CASE("a duty is told ahead by less than its round", "[duty][recurrence]") {
    const unsigned ahead[] = {30, 7, 1};
    CHECK(fitting(ahead, Recurs::working_daily).empty());
    CHECK(fitting(ahead, Recurs::weekly) == std::vector<unsigned>{1});
    CHECK(fitting(ahead, Recurs::monthly) == std::vector<unsigned>{7, 1});
    CHECK(fitting(ahead, Recurs::yearly) == std::vector<unsigned>{30, 7, 1});
}

TEST_CASE("words of recurrences are read as they are written", "[duty][recurrence]") {
    for (std::size_t each = 0; each < kRecurs; ++each)
        CHECK(recurs_from(to_string(static_cast<Recurs>(each))) == static_cast<Recurs>(each));
    CHECK(to_string(TurnState::done_late) == "done_late");
    CHECK_FALSE(recurs_from("hourly").has_value());
}

}  // namespace
}  // namespace sluice::duty
