// Door devices that push over HTTP, played byte by byte.
#include "tests/integration/api_client.hpp"
#include "tests/integration/controllers_stage.hpp"

#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
using nlohmann::json;

namespace {

constexpr const char* kSerial = "CJZ7204560001";

struct DeviceStage : ControllersStage {
    DeviceStage() : ControllersStage(std::string{kSerial} + "/1") {
        access.zkteco_listen = "127.0.0.1:0";
        access.controllers = {
            {.source = "urn:acs-1",
             .protocol = config::DoorProtocol::zkteco_push,
             .serial = kSerial,
             .address = "127.0.0.1"}
        };
    }
    void listen() {
        follow();
        REQUIRE(eventually(kLimit, [&] { return watch->zkteco_port() != 0; }));
    }
    /// What is answered to these bytes.
    [[nodiscard]] Reply say(const std::string& bytes) const {
        Client client{watch->zkteco_port()};
        client.send(bytes);
        return client.receive();
    }
    [[nodiscard]] Reply ask(const std::string& target) const {
        return say("GET " + target + " HTTP/1.1\r\nHost: sluice\r\n\r\n");
    }
    [[nodiscard]] Reply
    push(const std::string& table, const std::string& body, const std::string& serial = kSerial) const {
        return say(fmt::format(
            "POST /iclock/cdata?SN={}&table={}&Stamp=9999 HTTP/1.1\r\nHost: sluice\r\nContent-Length: "
            "{}\r\n\r\n{}",
            serial,
            table,
            body.size(),
            body
        ));
    }
    [[nodiscard]] std::string stored() const { return query("SELECT count(*)::text FROM access_events"); }
};

std::string row(int second, int event) {
    return fmt::format(
        "time=2026-11-18 "
        "20:06:{:02}\tpin=20417\tcardno={}\teventaddr=1\tevent={}\tinoutstatus=0\tverifytype=4\tindex={}",
        second,
        event == 0 ? ControllersStage::kCard : "0",
        event,
        second
    );
}

}  // namespace

TEST_CASE("a device registers, pushes, and each of its rows is stored once", "[controllers][zkteco][pg]") {
    DeviceStage stage;
    stage.listen();
    const std::string me = "?SN=" + std::string{kSerial};
    const Reply options = stage.ask("/iclock/cdata" + me + "&pushver=3.1.2&options=all");
    CHECK(options.status == 200);
    CHECK(options.body.find("registry=ok\nRegistryCode=") == 0);
    CHECK(options.body.find("Realtime=1\n") != std::string::npos);
    CHECK(options.body.find("TransTables=Transaction\n") != std::string::npos);  // of persons nothing
    CHECK(stage.ask("/iclock/cdata" + me + "&options=all&pushver=2.4.1").body.starts_with("GET OPTION FROM: ")
    );
    CHECK(stage.say("POST /iclock/registry" + me + " HTTP/1.1\r\nContent-Length: 4\r\n\r\nA=1,")
              .body.starts_with("RegistryCode="));
    CHECK(stage.ask("/iclock/getrequest" + me).body == "OK\n");
    const json heard = stage.got("/v1/controllers/acs-1", stage.guard);
    CHECK(heard["connection"] == "connected");  // it asks again and again; no event is needed
    CHECK(heard["last_heard_at"] == to_rfc3339(stage.clock.now()));
    CHECK(heard["last_error"] == nullptr);

    const std::string body = row(1, 0) + "\r\n" + row(2, 200) + "\r\n";
    const Reply pushed = stage.push("rtlog", body);
    CHECK(pushed.status == 200);
    CHECK(pushed.body == "OK: 2\n");
    CHECK(stage.codes() == "access.granted door.opened");
    const json items = stage.got("/v1/access/events?door=3f-main", stage.guard)["items"];
    CHECK(items.size() == 2);
    CHECK(
        stage.query("SELECT concat_ws('|', source, direction, card_last_four) FROM access_events WHERE "
                    "card_hmac IS NOT NULL") == "urn:acs-1|in|538"
    );
    CHECK_FALSE(stage.shows_card());
    CHECK(stage.query("SELECT count(*)::text FROM access_events WHERE data LIKE '%20417%'") == "0");
    CHECK(stage.records("access.%") == "access.accepted");

    // An answer that did not arrive: the device sends it again, and more.
    CHECK(stage.push("rtlog", body + row(3, 201)).body == "OK: 3\n");
    CHECK(stage.stored() == "3");
    CHECK(stage.query("SELECT string_agg(events::text, ' ' ORDER BY place) FROM access_batches") == "2 1");
    stage.leave();
    stage.listen();
    CHECK(stage.push("ATTLOG", body).body == "OK: 2\n");
    CHECK(stage.stored() == "3");
    // libcurl, which some devices have, waits for a word before a longer body.
    CHECK(
        stage
            .say(
                "POST /iclock/cdata" + me +
                "&table=rtlog HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body
            )
            .body == "OK: 2\n"
    );
}

TEST_CASE(
    "only the device of the configuration is listened to, from its address",
    "[controllers][zkteco][pg]"
) {
    DeviceStage stage;
    stage.access.controllers.push_back(
        {.source = "urn:acs-2",
         .protocol = config::DoorProtocol::zkteco_push,
         .serial = "ANOTHER",
         .address = "127.0.0.2"}
    );
    stage.listen();
    CHECK(stage.push("rtlog", row(1, 0), "NOBODY").status == 403);
    const json strange = stage.got("/v1/controllers/acs-1", stage.guard);
    CHECK(strange["connection"] == "never_heard");
    CHECK(strange["last_error"]["kind"] == "other_serial");
    CHECK(stage.push("rtlog", row(1, 0), "").status == 403);
    CHECK(stage.push("rtlog", row(1, 0), "ANOTHER").status == 403);  // which is elsewhere
    CHECK(stage.ask("/iclock/getrequest").status == 403);
    CHECK(stage.stored() == "0");
    stage.leave();
    stage.access.controllers.erase(stage.access.controllers.begin());
    stage.listen();
    CHECK(stage.push("rtlog", row(1, 0), "ANOTHER").status == 0);  // closed unread
    CHECK(stage.stored() == "0");
    stage.leave();
    // Without controllers nobody listens at all.
    stage.access.controllers.clear();
    stage.follow();
    CHECK(stage.watch->zkteco_port() == 0);
}

TEST_CASE(
    "of persons, pictures and fingerprints nothing is kept, and nobody is told to do anything",
    "[controllers][zkteco][pg]"
) {
    DeviceStage stage;
    stage.listen();
    for (const char* table : {"OPERLOG", "BIODATA", "ATTPHOTO", "rtstate", "tabledata", "options"})
        CHECK(stage.push(table, "USER PIN=20417\tName=somebody\tCard=8165538").body == "OK\n");
    CHECK(stage.stored() == "0");
    CHECK(stage.ask("/iclock/fdata?SN=" + std::string{kSerial}).status == 404);
    CHECK(stage.say("POST /iclock/cdata?SN=x HTTP/1.1\r\n\r\n").status == 411);
    CHECK(stage.say("rubbish\r\n\r\n").status == 400);
    CHECK(stage.push("rtlog", "rubbish").body == "OK: 1\n");
    CHECK(stage.query("SELECT code FROM access_events") == "access.unknown");
    CHECK(stage.got("/v1/controllers/acs-1", stage.guard)["last_error"]["kind"] == "unreadable");
}

TEST_CASE("a row is answered only when it is stored", "[controllers][zkteco][pg]") {
    DeviceStage stage;
    stage.listen();
    REQUIRE(stage.push("rtlog", row(1, 0)).status == 200);
    // A catalogue that can be read and not be written to.
    stage.database.execute("REVOKE INSERT ON access_events FROM sluice_worker");
    const Reply unstored = stage.push("rtlog", row(3, 201));
    stage.database.execute("GRANT INSERT ON access_events TO sluice_worker");
    CHECK(unstored.status == 503);
    CHECK(stage.push("rtlog", row(3, 201)).body == "OK: 1\n");

    const auto& cluster = Postgres::instance();
    cluster.hide_socket();
    const Reply refused = stage.push("rtlog", row(2, 200));
    cluster.show_socket();
    CHECK(refused.status == 503);
    CHECK(refused.body.find("OK") == std::string::npos);
    CHECK(eventually(ControllersStage::kLimit, [&] {
        return stage.push("rtlog", row(2, 200)).body == "OK: 1\n";
    }));
    CHECK(stage.stored() == "3");
}

TEST_CASE("a device that falls silent in the middle holds up nobody", "[controllers][zkteco][pg]") {
    DeviceStage stage;
    stage.listen();
    Client silent{stage.watch->zkteco_port()};
    silent.send("POST /iclock/cdata?SN=" + std::string{kSerial} + "&table=rtlog HTTP/1.1\r\nContent-Len");
    CHECK(stage.push("rtlog", row(1, 0)).body == "OK: 1\n");
    stage.leave();
    CHECK(silent.is_at_end());
}
