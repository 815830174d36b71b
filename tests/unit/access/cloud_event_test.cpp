#include "storage/access/cloud_event.hpp"

#include <filesystem>
#include <future>
#include <latch>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::access {
namespace {

using namespace std::chrono_literals;

const CardKey kKey{CardKey::Secret{7}};
const UtcTime kNow = UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};

std::vector<ParsedEvent> parsed(const std::string& body, EventForm form = EventForm::structured) {
    auto events = parse_cloud_events(body, form, kKey, kNow);
    if (!events) FAIL(events.error().message());
    return std::move(*events);
}
/// A whole event with `more` in its data.
std::string with(const std::string& more, const std::string& type = "door.opened") {
    return R"({"specversion":"1.0","source":"/c","id":"7","type":")" + type +
           R"(","time":"2026-11-23T18:05:00+08:00","data":{)" + more + "}}";
}

TEST_CASE("a structured event is read into what is kept of it", "[access][cloudevents]") {
    const auto event = parsed(with(
        R"("door":"1f-main","reader":"r1","direction":"in","card_number":"0012345678","person_category":"staff",)"
        R"("unit":"秘書室","index":41,"clip":{"camera":"1f-main-inside","from":"2026-11-23T10:04:50Z","to":"2026-11-23T10:05:30Z"},)"
        R"("battery":"ok")",
        "access.granted"
    ))[0];
    REQUIRE(event);
    CHECK(event->source == "/c");
    CHECK(to_rfc3339(*event->device_time) == "2026-11-23T10:05:00.000000Z");
    CHECK(event->received == kNow);
    CHECK(event->door == "1f-main");
    CHECK(event->direction == Direction::in);
    CHECK(event->card == kKey.seal("12345678"));
    CHECK(event->card->last_four == "5678");
    CHECK(event->index == 41);
    CHECK(event->clip->range.length() == 40s);
    CHECK(event->data == R"({"battery":"ok"})");
}

TEST_CASE("a card number is nowhere in what is read, wherever the sender puts it", "[access][cloudevents]") {
    for (const std::string data :
         {R"("card_number":"12345678","note":"card 12345678 at door")",
          R"("card_number":12345678,"vendor":{"raw":[12345678,"x12345678"]})",
          R"("vendor":{"Card_No":"12345678","PIN":"12345678"})",
          R"("CredentialToken":"12345678")"}) {
        CAPTURE(data);
        const auto event = parsed(with(data))[0];
        REQUIRE(event);
        CHECK(event->data.find("12345678") == std::string::npos);
        CHECK(event->card == kKey.seal("12345678"));
    }
    auto body = with(R"("card_number":"12345678")");
    body.replace(body.find(R"("id":"7")"), 8, R"("id":"12345678-1")");
    CHECK(parsed(body)[0]->id.starts_with("hmac:"));
}

TEST_CASE("ONVIF's topics have their codes, and what is not known is kept raw", "[access][cloudevents]") {
    const auto code = [](const std::string& type, const std::string& data) {
        return parsed(with(data, type))[0]->code;
    };
    CHECK(code("tns1:Door/State/DoorPhysicalState", R"("State":"Open")") == "door.opened");
    CHECK(code("x", R"("topic":"tns1:Door/State/DoorAlarm","State":"DoorForcedOpen")") == "door.forced_open");
    CHECK(
        code("tns1:AccessControl/Denied/Credential", R"("Reason":"CredentialExpired")") ==
        "access.denied.expired"
    );
    const auto unknown = parsed(with(R"("a":1)", "vendor.beep"))[0];
    CHECK(unknown->code == "access.unknown");
    CHECK(unknown->data == R"({"a":1,"type":"vendor.beep"})");
}

TEST_CASE("a bad event names code, field and cure and does not spoil the others", "[access][cloudevents]") {
    const auto fault = [](const std::string& from, const std::string& to) {
        auto body = with(R"("door":"d")");
        body.replace(body.find(from), from.size(), to);
        const auto events = parsed("[" + body + "," + with("") + "]", EventForm::batch);
        REQUIRE(events.size() == 2);
        CHECK(events[1]);
        REQUIRE_FALSE(events[0]);
        CHECK_FALSE(events[0].error().cure.empty());
        return events[0].error().code + " " + events[0].error().field;
    };
    CHECK(fault(R"("1.0")", R"("0.3")") == "VERSION_UNKNOWN specversion");
    CHECK(fault(R"("id":"7",)", "") == "MEMBER_MISSING id");
    CHECK(fault(R"("id":"7")", R"("id":7)") == "MEMBER_INVALID id");
    CHECK(fault("18:05:00+08:00", "18:05:00") == "TIME_INVALID time");
    CHECK(fault(R"("door":"d")", R"("direction":"up")") == "MEMBER_INVALID data.direction");
    CHECK(fault(R"("door":"d")", R"("index":-1)") == "MEMBER_INVALID data.index");
    CHECK(fault(R"("door":"d")", R"("clip":{"camera":"c"})") == "MEMBER_MISSING data.clip.from");
    CHECK(fault(R"("door":"d")", R"("door":")" + std::string(201, 'x') + '"') == "MEMBER_TOO_LONG data.door");
    CHECK(fault(R"("door":"d")", R"("x":")" + std::string(9000, 'x') + '"') == "DATA_TOO_LONG data");
    CHECK(fault(R"({"door":"d"})", "7") == "DATA_NOT_JSON data");
}

TEST_CASE("a body that is no list of events is refused as a whole", "[access][cloudevents]") {
    const auto label = [](const std::string& body) {
        const auto events = parse_cloud_events(body, EventForm::batch, kKey, kNow);
        return events ? std::string{} : events.error().label();
    };
    CHECK(label("{}") == "MALFORMED_JSON");
    CHECK(label("[") == "MALFORMED_JSON");
    CHECK(label("[]") == "NO_EVENTS");
    CHECK(label(std::string(100'000, '[') + std::string(100'000, ']')) == "MALFORMED_JSON");
    std::string many = "[1";
    for (int i = 0; i < 1000; ++i)
        many += ",1";
    CHECK(label(many + "]") == "TOO_MANY_EVENTS");
    CHECK(label(std::string((4U << 20U) + 1, ' ')) == "BODY_TOO_LONG");
}

TEST_CASE("a card is the same however its number is written", "[access]") {
    CHECK(kKey.seal("00 12-34:ab") == kKey.seal("001234AB"));
    CHECK(kKey.seal("0001234") == kKey.seal("1234"));
    CHECK(kKey.seal("1234")->last_four == "34");  // of a short number not all
    CHECK_FALSE(kKey.seal(" - "));
    CHECK_FALSE(kKey.seal("000"));
    CHECK(CardKey{CardKey::Secret{8}}.seal("1234") != kKey.seal("1234"));
}

TEST_CASE("the card key is made once and read again", "[access]") {
    namespace fs = std::filesystem;
    const fs::path folder = fs::temp_directory_path() / ("card_key_" + to_string(make_uuid_v7(kNow)));
    const fs::path path = card_key_file(folder);
    const auto first = load_or_make_card_key(path);
    REQUIRE(first);
    CHECK(load_or_make_card_key(path)->seal("12345678") == first->seal("12345678"));
    CHECK((fs::status(path).permissions() & fs::perms::others_all) == fs::perms::none);
    CHECK(std::distance(fs::directory_iterator{path.parent_path()}, fs::directory_iterator{}) == 1);
    fs::remove_all(folder);
}

TEST_CASE("of several that make the card key at once all get the same", "[access]") {
    namespace fs = std::filesystem;
    const fs::path folder = fs::temp_directory_path() / ("card_keys_" + to_string(make_uuid_v7(kNow)));
    const fs::path path = card_key_file(folder);
    std::vector<std::future<Result<CardKey>>> makers;
    std::latch begin{8};
    for (int i = 0; i < 8; ++i)
        makers.push_back(std::async(std::launch::async, [&] {
            begin.arrive_and_wait();
            return load_or_make_card_key(path);
        }));
    for (auto& maker : makers) {
        const auto made = maker.get();
        REQUIRE(made);
        CHECK(made->seal("12345678") == load_or_make_card_key(path)->seal("12345678"));
    }
    CHECK(std::distance(fs::directory_iterator{path.parent_path()}, fs::directory_iterator{}) == 1);
    fs::remove_all(folder);
}

}  // namespace
}  // namespace sluice::access
