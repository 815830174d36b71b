// Bytes from documentation: github.com/uhppoted/uhppote-core, messages/get_event.go (layout, types, reasons)
// and uhppoted-lib-go, codec (first bytes). Each message here was written anew from that; none was recorded
// at a device.
#include "jobs/controllers/uhppote_meaning.hpp"

#include <initializer_list>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::controllers;
using namespace sluice::controllers::uhppote;

namespace {

constexpr std::uint32_t kSerial = 405'419'896;  // 0x182a3778
const UtcTime kReceived = *from_rfc3339("2026-11-26T10:06:00Z");

Sender sender(access::ControllerClock clock = access::ControllerClock::taipei) {
    access::CardKey::Secret secret{};
    secret.fill(7);
    return {
        .source = "/controllers/1f", .serial = "405419896", .clock = clock, .key = access::CardKey{secret}
    };
}

/// An answer as the documentation draws it: from byte 8 on; the rest of the 64 is nothing.
Bytes answer(const std::string& from_eight) {
    Bytes bytes = *from_hex("17b0000078372a18" + from_eight);
    bytes.resize(kMessageBytes);
    return bytes;
}

Record record_of(const std::string& from_eight, std::uint32_t index) {
    const auto record = read_event(answer(from_eight), kSerial, index);
    REQUIRE(record);
    return *record;
}

// From documentation: index 78 (4e), type 1 (card), granted, door 3, direction 1 (in), card 8165538
// (0x007c98a2), 2026-11-26 18:05:09, reason 1 (swipe).
constexpr const char* kSwipe =
    "4e000000"
    "01010301"
    "a2987c00"
    "20261126180509"
    "01";

}  // namespace

TEST_CASE(
    "a question to a board is 64 bytes: start, function, serial number, index",
    "[controllers][uhppote]"
) {
    const Message request = event_request(kSerial, 0x01020304);
    CHECK(to_hex(ByteView{request}.first(12)) == "17b0000078372a1804030201");
    CHECK(to_hex(ByteView{request}.subspan(12)) == std::string(104, '0'));
}

TEST_CASE("from documentation: a swipe is read to the last byte", "[controllers][uhppote]") {
    const Record record = record_of(kSwipe, 78);
    CHECK(record.state == RecordState::there);
    CHECK(record.index == 78);
    CHECK(record.is_granted);
    CHECK(record.door == 3);
    const access::Event event = to_event(record, sender(), kReceived);
    CHECK(event.source == "/controllers/1f");
    CHECK(event.id == "78/20261126180509");
    CHECK(event.code == "access.granted");
    CHECK(event.index == 78U);
    CHECK(event.door == "405419896/3");
    CHECK(event.direction == access::Direction::in);
    CHECK(event.device_time == *from_rfc3339("2026-11-26T18:05:09+08:00"));
    CHECK(event.received == kReceived);
    CHECK(event.card == sender().key.seal("8165538"));
    CHECK(event.card->last_four.size() == 3);
    CHECK(
        to_event(record, sender(access::ControllerClock::utc), kReceived).device_time ==
        *from_rfc3339("2026-11-26T18:05:09Z")
    );
}

TEST_CASE("the card's number stands nowhere, not even among the raw bytes", "[controllers][uhppote]") {
    const access::Event event = to_event(record_of(kSwipe, 78), sender(), kReceived);
    CHECK(event.data.find("8165538") == std::string::npos);
    CHECK(event.data.find("a2987c00") == std::string::npos);
    CHECK(
        nlohmann::json::parse(event.data)["raw"] == "17b0000078372a184e00000001010301********2026112618050901"
    );
    // A door that opens has no card, but something stands where it would; so does a typed code.
    const access::Event opened = to_event(
        record_of(
            "4f000000"
            "02010100"
            "7b000000"
            "20261126180510"
            "17",
            79
        ),
        sender(),
        kReceived
    );
    CHECK(opened.code == "door.opened");
    CHECK_FALSE(opened.card);
    CHECK(opened.direction == access::Direction::unknown);
    CHECK(opened.data.find("7b000000") == std::string::npos);
}

TEST_CASE(
    "from documentation: each reason has its word, and what has none is kept raw",
    "[controllers][uhppote]"
) {
    struct Row {
        unsigned type;
        bool is_granted;
        unsigned reason;
        std::string_view code;
    };
    const std::initializer_list<Row> rows{
        {1, true, 1, "access.granted"},
        {1, false, 5, "access.denied.unauthorized"},
        {1, false, 6, "access.denied.unauthorized"},
        {1, false, 7, "access.denied.pin"},
        {1, false, 8, "access.denied.antipassback"},
        {1, false, 9, "access.denied.multi"},
        {1, false, 10, "access.denied.door_mode"},
        {1, false, 11, "access.denied.door_mode"},
        {1, false, 12, "access.denied.interlock"},
        {1, false, 13, "access.denied.unauthorized"},
        {1, false, 15, "access.denied.not_permitted_time"},
        {1, false, 18, "access.denied.unauthorized"},
        {2, true, 20, "door.rex"},
        {2, true, 23, "door.opened"},
        {2, true, 24, "door.closed"},
        {2, true, 25, "access.granted_anonymous"},
        {2, true, 28, "acs.controller_restart"},
        {3, false, 29, "acs.controller_restart"},
        {3, false, 34, "access.duress"},
        {3, false, 37, "door.held_open"},
        {3, false, 38, "door.forced_open"},
        {3, false, 39, "door.fire_release"},
        {3, false, 40, "door.lockdown"},
        {2, true, 44, "door.remote_open"},
        {2, true, 45, "door.remote_open"},
        // No word of ours: a button that did nothing, alarm zones, a call for help, what nobody has
        // described.
        {3, false, 31, "access.unknown"},
        {3, false, 32, "access.unknown"},
        {3, false, 33, "access.unknown"},
        {3, false, 41, "access.unknown"},
        {3, false, 42, "access.unknown"},
        {3, false, 43, "access.unknown"},
        {1, true, 2, "access.unknown"},
        {2, true, 200, "access.unknown"},
        {9, true, 23, "access.unknown"},
        // A board that says yes and no at once.
        {1, false, 1, "access.unknown"},
        {1, true, 6, "access.unknown"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.type, row.reason);
        Record record = record_of(kSwipe, 78);
        record.type = static_cast<std::uint8_t>(row.type);
        record.is_granted = row.is_granted;
        record.reason = static_cast<std::uint8_t>(row.reason);
        const access::Event event = to_event(record, sender(), kReceived);
        CHECK(event.code == row.code);
        CHECK(access::is_code(event.code));
        const auto data = nlohmann::json::parse(event.data);
        CHECK(data["reason"] == row.reason);
        CHECK(data["type"] == row.type);
        CHECK(event.card.has_value() == (row.type == 1 || row.reason == 34));
    }
}

TEST_CASE("a board says that an event is not there, or no more", "[controllers][uhppote]") {
    const std::string nothing(40, '0');
    CHECK(record_of(nothing, 5).state == RecordState::absent);
    CHECK(record_of(nothing, 5).index == 5);
    CHECK(record_of("00000000ff" + nothing, 5).state == RecordState::overwritten);
    CHECK(record_of("05000000ff" + nothing, 5).state == RecordState::overwritten);
    CHECK(record_of("0500000000" + nothing, 5).state == RecordState::absent);
    // The oldest and the newest are asked for without knowing their numbers.
    CHECK(record_of(kSwipe, kFirst).index == 78);
    CHECK(record_of(kSwipe, kNewest).index == 78);
    CHECK(record_of(nothing, kNewest).state == RecordState::absent);
}

TEST_CASE("what is no answer to the question is none", "[controllers][uhppote]") {
    const Bytes good = answer(kSwipe);
    CHECK(read_event(good, kSerial, 78));
    CHECK_FALSE(read_event(good, kSerial, 79));
    CHECK_FALSE(read_event(good, kSerial + 1, 78));
    CHECK_FALSE(read_event(answer("06000000ff"), kSerial, 5));
    CHECK_FALSE(read_event(ByteView{good}.first(63), kSerial, 78));
    Bytes longer = good;
    longer.push_back(0);
    CHECK_FALSE(read_event(longer, kSerial, 78));
    CHECK_FALSE(read_event({}, kSerial, 78));
    for (const std::size_t at : {0U, 1U, 4U, 7U}) {
        Bytes other = good;
        other[at] ^= 0x40U;
        CHECK_FALSE(read_event(other, kSerial, 78));
    }
}

TEST_CASE("a time that is none leaves the event without one, and its own id", "[controllers][uhppote]") {
    for (const std::string time :
         {"00000000000000",
          "2026112618050a",
          "20261326180509",
          "20260230180509",
          "20261126240509",
          "20261126186009",
          "20261126180560",
          "a0261126180509",
          "19691231235959"}) {
        CAPTURE(time);
        const access::Event event =
            to_event(record_of("4e00000001010301a2987c00" + time + "01", 78), sender(), kReceived);
        CHECK_FALSE(event.device_time);
        CHECK(event.id == "78/" + time);
        CHECK(event.code == "access.granted");
    }
}

TEST_CASE("a hole in the numbers is an event that names them", "[controllers][uhppote]") {
    const access::Event gap =
        to_event(Hole{.from = 7, .to = 9, .is_overwritten = true}, "10/20261126180509", sender(), kReceived);
    CHECK(gap.code == "acs.gap");
    CHECK(gap.id == "gap/7-9/10/20261126180509");
    CHECK_FALSE(gap.index);
    const auto data = nlohmann::json::parse(gap.data);
    CHECK(data["from_index"] == 7);
    CHECK(data["to_index"] == 9);
    CHECK(data["cause"] == "overwritten");
    CHECK(begun_anew(10, "10/20261126180509", sender(), kReceived).code == "acs.gap");
}

TEST_CASE(
    "from documentation: a board that has news says which one it is, in old firmware too",
    "[controllers][uhppote]"
) {
    Bytes push = answer(kSwipe);
    push[1] = 0x20;
    CHECK(serial_of_push(push) == kSerial);
    push[0] = 0x19;
    CHECK(serial_of_push(push) == kSerial);
    push[0] = 0x18;
    CHECK_FALSE(serial_of_push(push));
    CHECK_FALSE(serial_of_push(answer(kSwipe)));
    CHECK_FALSE(serial_of_push(ByteView{push}.first(20)));
}
