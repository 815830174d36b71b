#include "storage/access/icalendar.hpp"

#include "config/base/utf8.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::access;
using namespace std::chrono_literals;

namespace {

using Properties = std::map<std::string, std::string>;

/// RFC 5545 read anew, as far as we write it: content lines unfolded, components by their BEGIN and END.
struct ReadCalendar {
    Properties properties;
    std::vector<Properties> events;
    std::vector<std::string> faults;

    explicit ReadCalendar(const std::string& text) {
        std::vector<std::string> lines;
        std::size_t begin = 0;
        while (begin < text.size()) {
            const std::size_t end = text.find("\r\n", begin);
            if (end == std::string::npos) {
                faults.emplace_back("the last line has no end");
                break;
            }
            const std::string line = text.substr(begin, end - begin);
            begin = end + 2;
            if (line.size() > 75) faults.push_back("too long: " + line);
            if (!is_utf8(line)) faults.push_back("a letter is cut: " + line);
            if (line.find_first_of("\r\n") != std::string::npos) faults.push_back("bare line end: " + line);
            if (line.starts_with(' ') && !lines.empty())
                lines.back() += line.substr(1);
            else
                lines.push_back(line);
        }
        take(lines);
    }

private:
    void take(const std::vector<std::string>& lines) {
        std::vector<std::string> open;
        for (const std::string& line : lines) {
            const std::size_t colon = line.find(':');
            if (colon == std::string::npos) {
                faults.push_back("no property: " + line);
                continue;
            }
            const std::string name = line.substr(0, colon);
            const std::string value = line.substr(colon + 1);
            if (name == "BEGIN") {
                open.push_back(value);
                if (value == "VEVENT") events.emplace_back();
            } else if (name == "END") {
                if (open.empty() || open.back() != value) faults.push_back("ends what is not open: " + value);
                if (!open.empty()) open.pop_back();
            } else if (open.empty()) {
                faults.push_back("outside: " + line);
            } else {
                Properties& into = open.back() == "VEVENT" ? events.back() : properties;
                if (!into.emplace(name, unescaped(value)).second) faults.push_back("twice: " + name);
            }
        }
        if (!open.empty()) faults.push_back("not ended: " + open.back());
    }
    static std::string unescaped(const std::string& value) {
        std::string out;
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (value[i] != '\\' || i + 1 == value.size()) {
                out += value[i];
            } else {
                ++i;
                out += value[i] == 'n' ? '\n' : value[i];
            }
        }
        return out;
    }
};

/// "20191002T000000Z".
UtcTime time_from(const std::string& text) {
    const std::string iso = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" +
                            text.substr(9, 2) + ":" + text.substr(11, 2) + ":" + text.substr(13);
    return from_rfc3339(iso).value();
}

DoorSchedule schedule() {
    return {
        .is_rear = true,
        .calendar = {},
        .hours = {{.valid_from = {}, .hours = {.free_from = 8h, .free_to = 18h}}},
        .overrides = {}
    };
}

}  // namespace

TEST_CASE("the exported calendar says what the function says", "[access][icalendar]") {
    auto plan = schedule();
    const UtcTime start = from_rfc3339("2019-10-01T00:00:00+08:00").value();
    plan.overrides = {{
        .id = make_uuid_v7(start),
        .mode = DoorMode::eoc,
        .from = start + 30h,
        .to = start + 55h,
        .placed = start,
    }};
    const TimeRange range{start, start + 31 * 24h};
    const auto periods = periods_in(plan, range);
    const std::string text = to_icalendar("1f-rear", "一樓後門", periods, start);
    const ReadCalendar read{text};
    CHECK(read.faults.empty());
    CHECK(read.properties.at("VERSION") == "2.0");
    CHECK_FALSE(read.properties.at("PRODID").empty());
    REQUIRE(read.events.size() == periods.size());
    UtcTime behind = range.from;
    for (const Properties& event : read.events) {
        const TimeRange told{time_from(event.at("DTSTART")), time_from(event.at("DTEND"))};
        CHECK(told.from == behind);
        behind = told.to;
        for (const UtcTime at : {told.from, told.from + told.length() / 2, told.to - 1us}) {
            const std::string mode{to_string(mode_at(plan, at).mode)};
            CHECK(event.at("CATEGORIES") == mode);
            CHECK(event.at("SUMMARY") == "一樓後門: " + mode);
        }
        CHECK(time_from(event.at("DTSTAMP")) == start);
    }
    CHECK(behind == range.to);
}

TEST_CASE("events have ids of their own, which stay", "[access][icalendar]") {
    const auto plan = schedule();
    const UtcTime start = from_rfc3339("2019-10-01T18:00:00+08:00").value();
    const auto ids = [&](UtcTime from, UtcTime now) {
        std::vector<std::string> found;
        const auto periods = periods_in(plan, {from, start + 14 * 24h});
        for (const auto& event : ReadCalendar{to_icalendar("1f-rear", "後門", periods, now)}.events)
            found.push_back(event.at("UID"));
        return found;
    };
    auto first = ids(start, start);
    CHECK(ids(start, start + 1h) == first);
    CHECK(first[0] == "1f-rear-20191001T100000Z@doors.sluice");
    std::ranges::sort(first);
    CHECK(std::ranges::adjacent_find(first) == first.end());
}

TEST_CASE("long names are folded between letters, and marks are escaped", "[access][icalendar]") {
    const UtcTime start = from_rfc3339("2019-10-01T18:00:00+08:00").value();
    const auto periods = periods_in(schedule(), {start, start + 24h});
    std::string name = "a;b,c\\d\n";
    for (int length = 0; length < 120; ++length) {
        CAPTURE(length);
        const ReadCalendar read{to_icalendar("1f-rear", name, periods, start)};
        CHECK(read.faults.empty());
        CHECK(read.properties.at("X-WR-CALNAME") == name);
        CHECK(read.events.at(0).at("SUMMARY") == name + ": blocked");
        name += length % 3 == 0 ? "x" : "門";
    }
}

TEST_CASE("no periods are a calendar without events", "[access][icalendar]") {
    const ReadCalendar read{to_icalendar("1f-rear", "後門", {}, UtcTime{})};
    CHECK(read.faults.empty());
    CHECK(read.events.empty());
}
