#include "storage/print/inspection_page.hpp"

#include "storage/calendar/date.hpp"
#include "storage/print/html.hpp"
#include "tests/unit/print/printed.hpp"

namespace sluice::print {
namespace {

InspectionMonth october() {
    InspectionMonth month{
        .month = *calendar::date_from("2019-10-01"),
        .days = std::vector<InspectionDay>(31),
        .closer = "王主任",
        .closed = at("2019-11-01T01:00:00Z"),
        .made = at("2019-11-02T01:00:00Z")
    };
    month.days[9].is_day_off = true;
    month.days[1].line = InspectionLine{.access = {}, .cctv = {}, .remark = "", .person = "李小姐"};
    month.days[2].line = InspectionLine{
        .access = {.works = false, .has_problem = true},
        .cctv = {.works = true, .has_problem = true},
        .remark = "一樓讀卡機無反應；地下停車場鏡頭模糊",
        .person = "李小姐"
    };
    return month;
}

TEST_CASE(
    "the printed month has the labels of the form, in its order, and 31 rows on one page",
    "[print][inspection]"
) {
    const auto labels = lines_of(SLUICE_SOURCE_DIR, "inspection_labels.txt");
    REQUIRE(labels.size() == 9);
    const std::string words = words_of(inspection_page(october()));
    CHECK(missing_in_order(words, labels) == "");
    CHECK(std::ranges::count(words, '\f') == 1);
    std::vector<std::string> days = labels;
    for (int number = 1; number <= 31; ++number)
        days.push_back(std::to_string(number));
    days.insert(days.end(), {"單位主管", "王主任", "108年11月1日9時0分"});
    CHECK(missing_in_order(words, days) == "");
    CHECK(missing_in_order(tagless(to_html(inspection_page(october()))), days) == "");
}

TEST_CASE("what is in order prints √ in both columns, what is not ×", "[print][inspection]") {
    const std::string words = words_of(inspection_page(october()));
    CHECK(
        missing_in_order(
            words,
            {"2",
             "√",
             "√",
             "√",
             "√",
             "李小姐",
             "3",
             "一樓讀卡機無反應",
             "×",
             "×",
             "√",
             "×",
             "李小姐",
             "10",
             "假日"}
        ) == ""
    );
}

TEST_CASE(
    "a short month strikes out the rows behind its end, an open one has no signature",
    "[print][inspection]"
) {
    InspectionMonth february = october();
    february.month = *calendar::date_from("2019-02-01");
    february.days.resize(28);
    february.closed.reset();
    february.closer.clear();
    const std::string words = words_of(inspection_page(february));
    CHECK(missing_in_order(words, {"108年2月", "28", "29", "—", "30", "—", "31", "—", "單位主管"}) == "");
    CHECK(words.find("王主任") == std::string::npos);
}

}  // namespace
}  // namespace sluice::print
