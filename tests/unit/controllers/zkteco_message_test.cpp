// Lines from documentation: ZKTeco, Security PUSH Communication Protocol 3.1.2 (rtlog, registration) and
// Attendance PUSH (ATTLOG) as public programs read them: github.com/honghaijs6/PushSDK (numbers of events, in
// and out) and github.com/s0x90/zkteco-adms (tables, forms of lines). Each line here was written anew; none
// was recorded at a device.
#include "jobs/controllers/zkteco_message.hpp"

#include <initializer_list>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::controllers;
using namespace sluice::controllers::zkteco;

namespace {

const UtcTime kReceived = *from_rfc3339("2026-11-26T10:06:00Z");

Sender sender() {
    access::CardKey::Secret secret{};
    secret.fill(7);
    return {.source = "/controllers/3f", .serial = "CJZ7204560001", .key = access::CardKey{secret}};
}

access::Event only(std::string_view line) {
    const Rows rows = read_rows(line, sender(), kReceived);
    REQUIRE(rows.events.size() == 1);
    return rows.events.front();
}

// From documentation (rtlog).
constexpr const char* kGranted =
    "time=2026-11-26 "
    "18:05:09\tpin=20417\tcardno=8165538\teventaddr=1\tevent=0\tinoutstatus=0\tverifytype=4\tindex=353";

}  // namespace

TEST_CASE("from documentation: a line of rtlog is read to its last field", "[controllers][zkteco]") {
    const access::Event event = only(kGranted);
    CHECK(event.source == "/controllers/3f");
    CHECK(event.code == "access.granted");
    CHECK(event.device_time == *from_rfc3339("2026-11-26T18:05:09+08:00"));
    CHECK(event.received == kReceived);
    CHECK(event.door == "CJZ7204560001/1");
    CHECK(event.direction == access::Direction::in);
    CHECK(event.card == sender().key.seal("8165538"));
    // No source says that these numbers have no holes, so nobody looks for any.
    CHECK_FALSE(event.index);
    const auto data = nlohmann::json::parse(event.data);
    CHECK(data["event"] == 0);
    CHECK(data["verifytype"] == 4);
    CHECK(data["index"] == 353);
    CHECK(data["person"].get<std::string>().starts_with("hmac:"));
}

TEST_CASE("numbers of cards and persons stand nowhere, whatever the line is like", "[controllers][zkteco]") {
    for (const std::string& line :
         {std::string{kGranted},
          std::string{"pin=20417\tcardno=8165538\tname=8165538"},
          std::string{"20417 8165538"},
          std::string{"20417\t8165538\t20417\t8165538\t20417"},
          std::string{"event=8165538x\teventaddr=20417y\ttime=20417"}}) {
        const access::Event event = only(line);
        CAPTURE(line);
        for (const std::string* text : {&event.data, &event.id, &event.door, &event.reader, &event.unit}) {
            CHECK(text->find("8165538") == std::string::npos);
            CHECK(text->find("20417") == std::string::npos);
        }
    }
}

TEST_CASE(
    "from documentation: each number has its word, and what has none stays with it",
    "[controllers][zkteco]"
) {
    struct Row {
        const char* number;
        std::string_view code;
    };
    const std::initializer_list<Row> rows{
        {"0", "access.granted"},
        {"4", "access.granted_anonymous"},
        {"8", "door.remote_open"},
        {"22", "access.denied.not_permitted_time"},
        {"23", "access.denied.unauthorized"},
        {"24", "access.denied.antipassback"},
        {"25", "access.denied.interlock"},
        {"26", "access.denied.multi"},
        {"27", "access.denied.unknown_credential"},
        {"28", "door.held_open"},
        {"29", "access.denied.expired"},
        {"38", "access.denied.disabled"},
        {"100", "door.tamper"},
        {"101", "access.duress"},
        {"102", "door.forced_open"},
        {"200", "door.opened"},
        {"201", "door.closed"},
        {"202", "door.rex"},
        {"206", "acs.controller_restart"},
        {"6", "access.unknown"},
        {"209", "access.unknown"},
        {"4711", "access.unknown"},
        {"-1", "access.unknown"},
        {"", "access.unknown"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.number);
        CHECK(code_of(row.number) == row.code);
        CHECK(access::is_code(code_of(row.number)));
        const access::Event event =
            only(std::string{"time=2026-11-26 18:05:09\teventaddr=2\tevent="} + row.number);
        CHECK(event.code == row.code);
        CHECK(event.door == "CJZ7204560001/2");
    }
    CHECK(nlohmann::json::parse(only("time=2026-11-26 18:05:09\tevent=4711").data)["event"] == 4711);
}

TEST_CASE("doors have no way in or out, and auxiliary inputs no door", "[controllers][zkteco]") {
    CHECK(
        only("time=2026-11-26 18:05:09\teventaddr=1\tevent=200\tinoutstatus=1").direction ==
        access::Direction::unknown
    );
    CHECK(
        only("time=2026-11-26 18:05:09\teventaddr=1\tevent=0\tinoutstatus=1").direction ==
        access::Direction::out
    );
    CHECK(
        only("time=2026-11-26 18:05:09\teventaddr=1\tevent=0\tinoutstatus=2").direction ==
        access::Direction::unknown
    );
    CHECK(only("time=2026-11-26 18:05:09\teventaddr=1\tevent=220").door.empty());
    CHECK(only("time=2026-11-26 18:05:09\teventaddr=0\tevent=206").door.empty());
}

TEST_CASE("from documentation: ATTLOG has its values by place, or by name", "[controllers][zkteco]") {
    const access::Event out = only("20417\t2026-11-26 18:05:09\t1\t15\t0\t0\t0");
    CHECK(out.code == "access.granted");
    CHECK(out.direction == access::Direction::out);
    CHECK(out.door == "CJZ7204560001");
    CHECK(out.device_time == *from_rfc3339("2026-11-26T18:05:09+08:00"));
    CHECK(nlohmann::json::parse(out.data)["verifytype"] == 15);
    CHECK_FALSE(out.card);
    CHECK(only("20417\t2026-11-26 18:05:09\t0\t1").direction == access::Direction::in);
    CHECK(only("20417\t2026-11-26 18:05:09\t4\t1").direction == access::Direction::unknown);
    CHECK(only("20417\t2026-11-26 18:05:09").code == "access.unknown");
    CHECK(has_events("rtlog"));
    CHECK(has_events("ATTLOG"));
    for (const char* other : {"OPERLOG", "rtstate", "ATTPHOTO", "BIODATA", "options", ""})
        CHECK_FALSE(has_events(other));
}

TEST_CASE("the same line is the same event, and twice in one body two", "[controllers][zkteco]") {
    const std::string line = kGranted;
    const Rows once = read_rows(line + "\r\n", sender(), kReceived);
    const Rows twice = read_rows(line + "\n\n" + line + "\n", sender(), kReceived + std::chrono::hours{1});
    REQUIRE(once.events.size() == 1);
    REQUIRE(twice.events.size() == 2);
    CHECK(twice.events[0].id == once.events[0].id);
    CHECK(twice.events[1].id == once.events[0].id + "/2");
    CHECK(access::digest_of(twice.events[0]) == access::digest_of(once.events[0]));
    CHECK(only("time=2026-11-26 18:05:10\tevent=0").id != once.events[0].id);
}

TEST_CASE("a line that can't be read is an event all the same, and counted", "[controllers][zkteco]") {
    const Rows rows =
        read_rows("rubbish\ntime=2026-02-30 00:00:00\tevent=0\n\t\n\x01\n", sender(), kReceived);
    CHECK(rows.events.size() == 3);
    CHECK(rows.unreadable == 3);
    for (const access::Event& event : rows.events) {
        CHECK(event.code == "access.unknown");
        CHECK_FALSE(event.device_time);
        CHECK(nlohmann::json::parse(event.data)["unreadable"] == true);
    }
    CHECK(read_rows("", sender(), kReceived).events.empty());
    CHECK(read_rows(std::string(100'000, 'x'), sender(), kReceived).unreadable == 1);
}

TEST_CASE("a body of too many lines is refused as a whole", "[controllers][zkteco]") {
    std::string body;
    for (std::size_t i = 0; i < kMostRows; ++i)
        body += "x\n";
    CHECK(read_rows(body, sender(), kReceived).events.size() == kMostRows);
    const Rows rows = read_rows(body + "x\n", sender(), kReceived);
    CHECK(rows.is_too_long);
    CHECK(rows.events.empty());
}
