#include "jobs/xvr/event.hpp"

#include <chrono>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::xvr;

namespace {

RawEvent only(std::string_view body) {
    const Part part = read_part(body);
    REQUIRE(part.events.size() == 1);
    CHECK(part.unreadable == 0);
    return part.events.front();
}

}  // namespace

TEST_CASE("an event is code, action, channel from 0 and data that may hold semicolons", "[xvr]") {
    CHECK(
        only("Code=VideoMotion;action=Start;index=0;data={\n   \"Id\" : [ 0 ],\n   \"Note\" : "
             "\"a;action=Stop;b\"\n}\r\n"
        ) == RawEvent{"VideoMotion", "Start", 0, R"({"Id":[0],"Note":"a;action=Stop;b"})"}
    );
    CHECK(only("Code=VideoLoss;action=Stop;index=15") == RawEvent{"VideoLoss", "Stop", 15, "{}"});
    CHECK(
        only("Code=StorageFailure;action=Pulse") == RawEvent{"StorageFailure", "Pulse", std::nullopt, "{}"}
    );
    CHECK(only("Code=Login") == RawEvent{"Login", "", std::nullopt, "{}"});
    CHECK(only("index=2;action=Start;Code=VideoBlind") == RawEvent{"VideoBlind", "Start", 2, "{}"});
}

TEST_CASE("an odd index is no index, odd data is kept as text, and the event stays", "[xvr]") {
    for (const std::string odd : {"-1", "x", "", "1024", "99999999999", "1x"})
        CHECK_FALSE(only("Code=VideoLoss;action=Start;index=" + odd).index);
    CHECK(only("Code=A;data={\"cut\": ").data == R"({"text":"{\"cut\":"})");
    CHECK(only("Code=A;data=[1]").data == R"({"text":"[1]"})");
    CHECK(only("Code=A;data=").data == "{}");
    CHECK(only("Code=A;data=\xff").data == "{\"text\":\"\xEF\xBF\xBD\"}");
    CHECK(only("Code=A;nonsense;=;index=1;x=data=3").index == 1);
}

TEST_CASE("a heartbeat is no event, several events may share a part, rubbish is counted", "[xvr]") {
    CHECK(read_part("Heartbeat").events.empty());
    CHECK(read_part("Heartbeat").unreadable == 0);
    const Part both =
        read_part("Code=A;action=Start;index=0;data={\n\"a\":1}\r\nCode=B;action=Stop;index=1\r\n");
    REQUIRE(both.events.size() == 2);
    CHECK(both.events[0].code == "A");
    CHECK(both.events[0].data == R"({"a":1})");
    CHECK(both.events[1].code == "B");
    CHECK(read_part("HTTP/1.1 200 OK").unreadable == 1);
    CHECK(read_part("Code=;action=Start").unreadable == 1);
    CHECK(read_part("Code=two words").unreadable == 1);
    CHECK(read_part("Code=" + std::string(65, 'a')).unreadable == 1);
    CHECK(read_part("").unreadable == 1);
}

TEST_CASE("the recorder's clock is a local time without zone", "[xvr]") {
    // 2019-10-02 18:00:00 as if it were UTC.
    CHECK(read_current_time("result=2019-10-02 18:00:00\r\n").value() == 1'570'039'200);
    CHECK(read_current_time("result = 2019-10-02 18:00:00").has_value() == false);
    CHECK(read_current_time("result=2019-1-2 8:00:00").value() == 1'546'416'000);
    CHECK(read_current_time("2019-10-02T18:00:00").value() == 1'570'039'200);
    for (const char* odd :
         {"",
          "result=",
          "result=2019-02-30 00:00:00",
          "result=2019-10-02",
          "result=2019-10-02 24:00:00",
          "Error",
          "result=2019-10-02 18:00:00 UTC",
          "result=0019-10-02 18:00:00"}) {
        CAPTURE(odd);
        CHECK_FALSE(read_current_time(odd));
    }
}

TEST_CASE("channel titles are read by their index, whatever stands between them", "[xvr]") {
    const auto titles = read_titles(
        "table.ChannelTitle[1].Name=迎賓車道右側\r\ntable.ChannelTitle[0].Name=迎賓車道左側\r\n"
        "table.ChannelTitle[0].SerialNo=\r\ntable.ChannelTitle[x].Name=a\r\n"
        "table.ChannelTitle[2000].Name=a\r\n\r\ntable.ChannelTitle[2].Name="
    );
    REQUIRE(titles);
    CHECK(*titles == std::vector<ChannelTitle>{{0, "迎賓車道左側"}, {1, "迎賓車道右側"}, {2, ""}});
    CHECK_FALSE(read_titles(""));
    CHECK_FALSE(read_titles("Error\r\nBad Request!"));
}
