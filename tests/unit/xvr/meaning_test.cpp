#include "jobs/xvr/meaning.hpp"

#include "jobs/xvr/follower.hpp"
#include "storage/calendar/date.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::xvr;
using namespace std::chrono_literals;

namespace {

const UtcTime kNow = calendar::start_of(calendar::date_from("2019-10-02").value()) + 18h;

config::Recorder make_recorder() {
    config::Recorder recorder;
    recorder.slug = "xvr-1";
    config::Camera camera;
    camera.slug = "drive-right";
    camera.channel = 2;
    recorder.cameras = {camera};
    return recorder;
}

access::Event to_event(const RawEvent& raw) {
    return xvr::to_event(make_recorder(), raw, "c/1", kNow);
}

}  // namespace

TEST_CASE("an event of a camera points at the footage around its arrival, by index from 0", "[xvr][rule]") {
    const access::Event event =
        to_event({"VideoBlind", "Start", 1, R"({"LocaleTime":"2019-10-02 17:59:58"})"});
    CHECK(event.source == "/recorders/xvr-1");
    CHECK(event.id == "c/1");
    CHECK(event.code == "camera.blind");
    CHECK(event.received == kNow);
    CHECK(event.device_time == kNow - 2s);
    REQUIRE(event.clip);
    CHECK(event.clip->camera == "drive-right");
    CHECK(event.clip->range == TimeRange{kNow - 30s, kNow + 30s});
    CHECK_FALSE(to_event({"VideoBlind", "Start", 0, "{}"}).clip);  // a channel that is not configured
    CHECK_FALSE(to_event({"VideoBlind", "Start", {}, "{}"}).clip);
    CHECK_FALSE(to_event({"StorageFailure", "Start", 1, "{}"}).clip);
}

TEST_CASE(
    "what nobody knows is kept with the vendor's own word, and every known code is one of ours",
    "[xvr][rule]"
) {
    const access::Event event = to_event({"BrandNew", "Pulse", {}, R"({"a":1})"});
    CHECK(event.code == "access.unknown");
    CHECK(nlohmann::json::parse(event.data)["code"] == "BrandNew");
    CHECK(nlohmann::json::parse(event.data)["data"]["a"] == 1);
    for (const char* code :
         {"VideoLoss",
          "CrossLineDetection",
          "CrossRegionDetection",
          "LeftDetection",
          "TakenAwayDetection",
          "StorageNotExist",
          "StorageFailure",
          "StorageLowSpace",
          "TimeChange",
          "NTPAdjustTime",
          "Login",
          "LoginFailure",
          "PlayBack",
          "SecurityImExport"}) {
        CAPTURE(code);
        CHECK(code_of(code) != "access.unknown");
        CHECK(access::is_code(code_of(code)));
    }
    CHECK(access::is_code("recorder.gap"));
    CHECK(access::is_code("recorder.clock_off"));
    CHECK(access::is_code("recorder.title_drift"));
    CHECK(access::is_code("recorder.no_picture"));
    CHECK(access::is_code("power.unknown"));
}

TEST_CASE("data that is too long is cut to what says who and what", "[xvr][rule]") {
    const std::string data = nlohmann::json{
        {"User", "admin"},
        {"Channel", 1},
        {"Blob", std::string(60'000, 'x')},
        {"Address", std::string(60'000, 'y')}
    }.dump();
    const access::Event event = to_event({"PlayBack", "Start", {}, data});
    CHECK(event.data.size() <= access::kMostDataBytes);
    const auto kept = nlohmann::json::parse(event.data);
    CHECK(kept["data_cut"] == true);
    CHECK(kept["data"]["User"] == "admin");
    CHECK_FALSE(kept["data"].contains("Address"));
    CHECK(act_of(event)->who == "admin");
}

TEST_CASE("an act says who, where and what, as far as the recorder tells", "[xvr][rule]") {
    const auto act = act_of(to_event(
        {"SecurityImExport",
         "Pulse",
         {},
         R"({"User":"ad\nmin","Address":"192.0.2.7","Channel":2,"StartTime":"2019-10-02 08:00:00","EndTime":"2019-10-02 08:05:00"})"
        }
    ));
    REQUIRE(act);
    CHECK(act->code == "recorder.export");
    CHECK(act->who == "admin");  // no control characters
    CHECK(act->address == "192.0.2.7");
    CHECK(act->channel == 3);  // it counts from 0
    CHECK(act->footage == TimeRange{kNow - 10h, kNow - 10h + 5min});
    const auto bare = act_of(to_event({"PlayBack", "Start", 1, R"({"StartTime":"2019-10-02 08:00:00"})"}));
    REQUIRE(bare);
    CHECK(bare->channel == 2);
    CHECK_FALSE(bare->footage);
    CHECK(bare->who.empty());
    CHECK_FALSE(act_of(to_event({"VideoLoss", "Start", 1, "{}"})));
    CHECK_FALSE(begins({"PlayBack", "Stop", {}, "{}"}));
    CHECK(begins({"PlayBack", "Pulse", {}, "{}"}));
    CHECK(begins({"PlayBack", "", {}, "{}"}));
}

TEST_CASE("between attempts the wait doubles to its longest, and a refusal waits for long", "[xvr][rule]") {
    const Pauses pauses;
    CHECK(pause_after(End::closed, 1, pauses) == 1s);
    CHECK(pause_after(End::silent, 2, pauses) == 2s);
    CHECK(pause_after(End::unreachable, 6, pauses) == 32s);
    CHECK(pause_after(End::unreachable, 7, pauses) == 60s);
    CHECK(pause_after(End::no_stream, 4'000'000'000U, pauses) == 60s);
    CHECK(pause_after(End::refused, 1, pauses) == 5min);
}

TEST_CASE("an inbox has room for so many events, counts the rest and keeps their order", "[xvr]") {
    Inbox inbox;
    const auto recorder = std::make_shared<const config::Recorder>(make_recorder());
    for (std::size_t i = 0; i <= kInboxLimit; ++i) {
        access::Event event;
        event.id = std::to_string(i);
        CHECK(inbox.add(Pending{recorder, event, true}) == (i < kInboxLimit));
    }
    const auto first = inbox.take(2, {});
    REQUIRE(first.events.size() == 2);
    CHECK(first.events[1].event.id == "1");
    REQUIRE(first.links.size() == 1);
    CHECK(first.links[0].dropped == 1);
    CHECK(first.links[0].recorder == "xvr-1");
    CHECK(inbox.take(kInboxLimit, {}).events.size() == kInboxLimit - 2);
    CHECK(inbox.take(1, {}).is_empty());
}
