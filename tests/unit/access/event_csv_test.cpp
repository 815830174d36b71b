#include "storage/access/event_csv.hpp"

#include "config/base/files.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace sluice::access {
namespace {

using namespace std::chrono_literals;

const CardKey kKey{CardKey::Secret{7}};
const UtcTime kNow = UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};

std::string file(const std::string& name) {
    return read_text_file(std::string{SLUICE_SOURCE_DIR} + "/tests/data/access/" + name, 1 << 20).value();
}
CsvSender sender() {
    CsvSender made;
    made.source = "/controllers/lobby";
    made.doors = {{"一樓大門", "1f-main"}, {"後門", "1f-rear"}};
    made.readers = {{"R1", Direction::in}};
    return made;
}
CsvEvents parsed(std::string_view bytes) {
    auto events = parse_event_csv(bytes, sender(), kKey, kNow);
    if (!events) FAIL(events.error().front().text);
    return std::move(*events);
}

TEST_CASE("an export is read by its columns, whatever their dates and encoding", "[access][csv]") {
    const CsvEvents events = parsed(file("export.csv"));
    CHECK(events.faults.empty());
    REQUIRE(events.events.size() == 9);
    const auto& first = events.events[0];
    CHECK(to_rfc3339(*first.device_time) == "2026-11-23T00:01:05.000000Z");
    CHECK(first.code == "access.granted");
    CHECK(first.door == "1f-main");
    CHECK(first.direction == Direction::in);
    CHECK(first.unit == "秘書室");
    CHECK(first.card->last_four == "5678");
    CHECK(to_rfc3339(*events.events[3].device_time) == "2026-11-23T10:20:00.000000Z");
    CHECK(events.events[3].code == "access.denied.unauthorized");
    CHECK(events.events[3].card == first.card);
    CHECK(events.events[4].code == "door.forced_open");
    CHECK(events.events[5].code == "door.held_open");
    CHECK(events.events[6].code == "access.denied.unknown_credential");
    CHECK(events.events[6].door == "三樓");  // nobody has told us its slug
    CHECK(events.events[7].code == "access.unknown");
    CHECK(events.events[7].data.find("外星人") != std::string::npos);
    CHECK(events.events[7].id != events.events[8].id);  // twice in one file is two
    CHECK(parsed(file("export_big5.csv")).events == events.events);
}

TEST_CASE("no card number is in what is read of an export", "[access][csv]") {
    for (const Event& event : parsed(file("export.csv")).events) {
        const std::string all = event.data + event.id + event.reader + event.door;
        CHECK(all.find("12345678") == std::string::npos);
        CHECK(all.find("99887766") == std::string::npos);
    }
}

TEST_CASE(
    "the same row is the same event in another export and under other names of doors",
    "[access][csv]"
) {
    const std::string header = "日期,時間,門名稱,事件\n";
    const auto one = parsed(header + "2026-11-23,08:00:00,後門,開門\n");
    auto other = sender();
    other.doors.clear();
    const auto two = parse_event_csv(
        header + "2026-11-22,08:00:00,後門,開門\n2026-11-23,08:00:00,後門,開門\n", other, kKey, kNow + 1h
    );
    CHECK(two->events[1].id == one.events[0].id);
    CHECK(two->events[0].id != one.events[0].id);
}

TEST_CASE("hostile rows are faults that name line, column and cure; the others are taken", "[access][csv]") {
    const CsvEvents events = parsed(file("hostile.csv"));
    CHECK(events.lines == std::vector<std::size_t>{2, 9, 16});
    std::vector<std::size_t> lines;
    for (const CsvFault& fault : events.faults) {
        lines.push_back(fault.line);
        CHECK_FALSE(fault.text.empty());
        CHECK(fault.text.find("0012345678") == std::string::npos);
    }
    CHECK(lines == std::vector<std::size_t>{3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 17});
    CHECK(events.faulty_rows == lines.size());
}

TEST_CASE("a file that is no export is refused as a whole", "[access][csv]") {
    for (const std::string_view bytes :
         {"", "a,b\n", "日期,時間\n", "日期,日期,時間,事件\n", "\xFF\xFE\x00", "事件,門名稱\n"}) {
        CAPTURE(bytes);
        const auto events = parse_event_csv(bytes, sender(), kKey, kNow);
        REQUIRE_FALSE(events);
        CHECK(events.error().front().line == 0);
    }
}

TEST_CASE("times of a day are read in the ways that exports write them", "[access][csv]") {
    CHECK(time_of_day_from("18:00:05") == 18h + 5s);
    CHECK(time_of_day_from("6:00") == 6h);
    CHECK(time_of_day_from("下午 06:00:05") == 18h + 5s);
    CHECK(time_of_day_from("06:00:05 PM") == 18h + 5s);
    CHECK(time_of_day_from("上午12:30") == 30min);
    CHECK(time_of_day_from("下午 12:30") == 12h + 30min);
    for (const char* wrong :
         {"", "18", "18:", ":18", "24:00", "1:2:3:4", "18:60", "下午 13:00", "ab:cd", "018:00"}) {
        CAPTURE(wrong);
        CHECK_FALSE(time_of_day_from(wrong));
    }
}

}  // namespace
}  // namespace sluice::access
