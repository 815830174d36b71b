#include "storage/access/roster.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::access;

namespace {

const std::vector<std::string> kCategories{"staff", "cleaning"};
constexpr const char* kHeader = "編號,姓名,單位,類別,起始日期,結束日期\r\n";

calendar::Date day(const char* text) {
    return calendar::date_from(text).value();
}

std::vector<RosterPerson> roster(const std::string& rows) {
    return parse_roster(kHeader + rows, kCategories).value();
}

std::vector<std::string> faults(const std::string& text) {
    std::vector<std::string> told;
    const auto read = parse_roster(text, kCategories);
    if (read) return told;
    for (const auto& fault : read.error())
        told.push_back(std::to_string(fault.line) + " " + fault.text);
    return told;
}

}  // namespace

TEST_CASE("a roster is read in any order of columns, either era and by number", "[access][roster]") {
    const auto persons =
        roster("B-2,李二,,cleaning,115-01-01,115/12/31\r\nA-1,\"王, 一\",水利局,staff,2026-1-1,\r\n");
    REQUIRE(persons.size() == 2);
    CHECK(
        persons[0] ==
        RosterPerson{
            .number = "A-1",
            .name = "王, 一",
            .unit = "水利局",
            .category = "staff",
            .valid_from = day("2026-01-01"),
            .valid_to = std::nullopt
        }
    );
    CHECK(persons[1].valid_to == day("2026-12-31"));
    const auto english =
        parse_roster("\xEF\xBB\xBFvalid_from,category,name,number\n2026-01-01,staff,x,9\n", kCategories);
    REQUIRE(english);
    CHECK(english->at(0).number == "9");
    CHECK(roster("").empty());
}

TEST_CASE("every fault of a roster is told with its line and the cure", "[access][roster]") {
    CHECK(faults("") == std::vector<std::string>{"0 is empty: the first row names the columns"});
    CHECK(faults("編號,姓名,類別\n").at(0) == "1 column 起始日期 (valid_from) is missing");
    CHECK(faults("編號,編號,姓名,類別,起始日期\n").at(0) == "1 column number stands twice; keep one");
    CHECK(faults("編號,姓名,類別,起始日期,電話\n").at(0) == "1 column \"電話\" is unknown; take it out");
    const std::string head{kHeader};
    CHECK(faults(head + ",王,,staff,2026-01-01,\n").at(0) == "2 編號: is empty");
    CHECK(faults(head + "A,王,,none,2026-01-01,\n").at(0).starts_with("2 類別: there is no category"));
    CHECK(faults(head + "A,王,,staff,2026-02-30,\n").at(0).starts_with("2 起始日期: must be a date"));
    CHECK(faults(head + "A,王,,staff,2026-02-03,2026-02-02\n").at(0).starts_with("2 結束日期: lies before"));
    CHECK(faults(head + "A,王,,staff,2026-01-01,\nA,李,,staff,2026-01-01,\n")
              .at(0)
              .starts_with("3 編號: stands in an earlier"));
    CHECK(faults(head + "A,\"王,,staff\n").at(0).starts_with("2 a quotation mark"));
    CHECK(faults("\xff\xff\xff").at(0).starts_with("0 is neither UTF-8 nor Big5"));
    CHECK(faults(std::string(kMostRosterBytes + 1, 'x')).at(0).starts_with("0 is longer"));
    std::string many = head;
    for (int i = 0; i < 150; ++i)
        many += ",,,,,\nx\n";
    CHECK(faults(many).size() == calendar::kMostRowFaults + 1);
}

TEST_CASE("two rosters are compared by number", "[access][roster]") {
    const auto before = roster("A,王,,staff,2026-01-01,\nB,李,,staff,2026-01-01,\nC,張,,staff,2026-01-01,\n");
    const auto after =
        roster("B,李,,cleaning,2026-01-01,\nC,張,,staff,2026-01-01,\nD,陳,,staff,2026-01-01,\n");
    CHECK(
        compare_rosters(before, after) ==
        RosterDifferences{.added = {"D"}, .removed = {"A"}, .changed = {"B"}}
    );
    CHECK(
        compare_rosters(after, before) ==
        RosterDifferences{.added = {"A"}, .removed = {"D"}, .changed = {"B"}}
    );
    CHECK(compare_rosters({}, before).added.size() == 3);
    CHECK(compare_rosters(before, {}).removed.size() == 3);
    CHECK(compare_rosters(before, before) == RosterDifferences{});
}
