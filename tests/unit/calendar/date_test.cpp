#include "storage/calendar/date.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::calendar;

namespace {

UtcTime at(const char* text) {
    return from_rfc3339(text).value();
}

}  // namespace

TEST_CASE("a date of the office is the day in Taipei, also when UTC is a day behind", "[calendar]") {
    CHECK(to_iso(taipei_date(at("2019-10-01T15:59:59.999999Z"))) == "2019-10-01");
    CHECK(to_iso(taipei_date(at("2019-10-01T16:00:00Z"))) == "2019-10-02");
    CHECK(to_rfc3339(start_of(date_from("2019-10-02").value())) == "2019-10-01T16:00:00.000000Z");
}

TEST_CASE("years of the Republic are written as the office writes them", "[calendar]") {
    const Date date = date_from("2019-10-02").value();
    CHECK(to_roc(date) == "108-10-02");
    CHECK(to_roc_text(date) == "108年10月2日");
    CHECK(to_roc_minute(at("2019-10-02T10:05:59Z")) == "108年10月2日18時5分");
    CHECK(to_roc_minute(at("2019-10-01T16:00:00Z")) == "108年10月2日0時0分");
    CHECK(to_roc(date_from("1912-01-01").value()) == "1-01-01");
    CHECK(to_roc(date_from("2010-12-31").value()) == "99-12-31");
    CHECK(to_roc(date_from("1912-01-01").value() - days{1}) == "1911-12-31");
    CHECK(to_roc_text(date_from("1912-01-01").value() - days{1}) == "1911-12-31");
}

TEST_CASE("a date is taken in both kinds of years, and nothing else is taken for one", "[calendar]") {
    for (const char* same : {"2019-10-02", "2019/10/2", "108-10-02", "108/10/2"}) {
        CAPTURE(same);
        CHECK(to_iso(date_from(same).value()) == "2019-10-02");
    }
    CHECK(to_iso(date_from("99-02-28").value()) == "2010-02-28");
    for (const char* wrong :
         {"",
          "2019",
          "2019-10",
          "2019-10-",
          "2019-10-32",
          "2019-02-29",
          "2019-10/02",
          "2019-10-02 ",
          "-2019-10-02",
          "1911-12-31",
          "20191-10-02",
          "1-10-02",
          "2412-01-01",
          "十月二日"}) {
        CAPTURE(wrong);
        const auto date = date_from(wrong);
        REQUIRE_FALSE(date);
        CHECK(date.error().label() == "DATE_INVALID");
    }
}
