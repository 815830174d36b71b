#include "storage/calendar/office_csv.hpp"

#include "config/base/files.hpp"

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::calendar;

namespace {

std::string file(const char* name) {
    const auto path = std::filesystem::path{SLUICE_SOURCE_DIR} / "tests" / "data" / name;
    return read_text_file(path, kMostCalendarBytes).value();
}

std::string published() {
    return file("office_calendar_2019.csv");
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto place = text.find(from);
    REQUIRE(place != std::string::npos);
    return text.replace(place, from.size(), to);
}

std::string complaint(const std::string& text) {
    const auto table = parse_office_csv(text);
    return table ? "" : describe(table.error());
}

}  // namespace

TEST_CASE("the office calendar of a year is read whole", "[calendar]") {
    const auto table = parse_office_csv(published());
    REQUIRE(table);
    CHECK(table->year == 2019);
    REQUIRE(table->days.size() == 365);
    CHECK(std::ranges::count(table->days, true, &Day::is_off) == 115);
    CHECK(table->days[282] == Day{.date = date_from("2019-10-10").value(), .is_off = true, .note = "國慶日"});
    CHECK(std::ranges::is_sorted(table->days, {}, &Day::date));
}

TEST_CASE("Big5, LF, no mark, no last line end and any order of days mean the same", "[calendar]") {
    const auto table = parse_office_csv(published());
    REQUIRE(table);
    const std::string bare = published().substr(3);
    CHECK(parse_office_csv(file("office_calendar_2019_big5.csv")) == table);
    CHECK(parse_office_csv(bare) == table);
    std::string lines = bare;
    std::erase(lines, '\r');
    CHECK(parse_office_csv(lines) == table);
    lines.pop_back();
    CHECK(parse_office_csv(lines) == table);
    const std::string first = "20190101,二,2,開國紀念日\n";
    CHECK(parse_office_csv(replaced(lines, first, "") + "\n" + first) == table);
    CHECK(parse_office_csv(replaced(lines, "國慶日", "\"國慶日\"")) == table);
}

TEST_CASE("each fault of a calendar names its line and what to do", "[calendar]") {
    struct Row {
        const char* from;
        const char* to;
        const char* said;
    };
    for (const Row& row : std::initializer_list<Row>{
             {"是否放假",
              "放假",
              "line 1: the header must be 西元日期,星期,是否放假,備註: is this the office calendar?"},
             {"20191010,四,2,國慶日",
              "20191010,四,2",
              "line 284: has 3 fields, must have 4\n2019-10-10 is missing; add its row"},
             {"20191010,四",
              "2019-10-10,四",
              "line 284: 西元日期: \"2019-10-10\" is no date; write it like 20261010\n2019-10-10 is missing; "
              "add its row"},
             {"20191010,四",
              "20191010,五",
              "line 284: 星期: \"五\", but 2019-10-10 is a 四; correct the date or the weekday\n2019-10-10 "
              "is missing; "
              "add its row"},
             {"20191010,四,2",
              "20191010,四,1",
              "line 284: 是否放假: \"1\", must be 0 (working day) or 2 (off)\n2019-10-10 is missing; add its "
              "row"},
             {"20191010,四,2,國慶日",
              "20191009,三,0,",
              "line 284: 2019-10-09 stands on line 283 already; keep one\n2019-10-10 is missing; add its row"
             },
             {"20191010,四,2,國慶日",
              "20201010,六,2,國慶日",
              "line 284: 2020-10-10 is not of the year 2019, with which the file begins; give one year a "
              "file\n"
              "2019-10-10 is missing; add its row"},
             {"國慶日",
              "\"國慶日",
              "line 284: has a quotation mark that does not end; close it on the same line\n2019-10-10 is "
              "missing; add "
              "its row"},
         }) {
        CAPTURE(row.to);
        CHECK(complaint(replaced(published(), row.from, row.to)) == row.said);
    }
}

TEST_CASE("what is no calendar at all is refused, and a long list of faults ends", "[calendar]") {
    CHECK(
        complaint("") ==
        "line 1: the header must be 西元日期,星期,是否放假,備註: is this the office calendar?"
    );
    CHECK(complaint("西元日期,星期,是否放假,備註\n") == "has no days: give the calendar of a whole year");
    CHECK(
        complaint(std::string(kMostCalendarBytes + 1, 'x')) ==
        "is longer than 1 MiB: give the file of one year"
    );
    CHECK(complaint("\xff\xfe\x01\x80") == "is neither UTF-8 nor Big5: save it as CSV UTF-8");
    const auto table = parse_office_csv("西元日期,星期,是否放假,備註\n20190101,二,2,\n");
    REQUIRE_FALSE(table);
    CHECK(table.error().size() == kMostRowFaults + 1);
    CHECK(table.error().back().text == "and 264 faults more");
    CHECK(complaint(replaced(published(), "國慶日", std::string(601, 'x')))
              .starts_with("line 284: 備註: is longer"));
}
