#include "daemon/ups/monitor.hpp"

#include "tests/support/eventually.hpp"
#include "tests/support/stub_server.hpp"

#include <thread>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::ups;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// A NUT server with one unit, and a monitor that asks it.
class Room {
public:
    explicit Room(std::string username = "", std::string password = "") {
        config::Ups settings;
        settings.slug = "ups-1";
        settings.server = "127.0.0.1:" + std::to_string(server_.port());
        settings.unit = "ups1";
        settings.username = std::move(username);
        settings.password = config::Secret{std::move(password)};
        settings.poll = 20ms;
        monitor.emplace(settings, clock_, [this](const volume::PowerChanged& change) {
            told_.with([&](auto& told) { told.push_back(change); });
        });
        thread_ = std::jthread{[this](const std::stop_token& stop) { monitor->run(stop); }};
    }

    void say(std::string answer) {
        answer_.with([&](std::string& now) { now = std::move(answer); });
    }
    void say_status(const std::string& words) {
        say("BEGIN LIST VAR ups1\nVAR ups1 battery.charge \"40\"\nVAR ups1 ups.status \"" + words +
            "\"\nEND LIST VAR ups1\n");
    }
    [[nodiscard]] bool await_state(PowerState state) {
        return eventually(30s, [&] {
            return told_.with([&](const auto& told) { return !told.empty() && told.back().state == state; });
        });
    }
    [[nodiscard]] volume::PowerChanged last() {
        return told_.with([](const auto& told) { return told.back(); });
    }
    [[nodiscard]] std::string heard() {
        return heard_.with([](const std::string& text) { return text; });
    }

private:
    void serve(StubServer::Peer& peer) {
        while (true) {
            const std::string line = peer.read_until("\n");
            if (line.empty()) return;
            heard_.with([&](std::string& text) { text += line; });
            if (line.starts_with("LIST")) {
                const std::string answer = answer_.with([](const std::string& now) { return now; });
                if (answer.empty()) return;  // closes
                peer.send(answer);
            } else {
                peer.send(line == "PASSWORD \"wrong\"\n" ? "ERR ACCESS-DENIED\n" : "OK\n");
            }
        }
    }

    RealClock clock_;
    Guarded<std::string> answer_;
    Guarded<std::string> heard_;
    Guarded<std::vector<volume::PowerChanged>> told_;
    StubServer server_{[this](StubServer::Peer& peer) { serve(peer); }};

public:
    std::optional<Monitor> monitor;

private:
    std::jthread thread_;  // last: it uses the members above
};

}  // namespace

TEST_CASE("a monitor tells what the UPS says, and its status shows it first", "[ups]") {
    Room room;
    room.say_status("OL");
    REQUIRE(room.await_state(PowerState::mains));
    CHECK(room.heard().starts_with("LIST VAR \"ups1\"\n"));  // no login without a user name
    room.say_status("OB");
    REQUIRE(room.await_state(PowerState::battery));
    CHECK(room.monitor->is_on_battery());
    CHECK(room.last().detail == "OB");
    CHECK(room.last().charge_percent == 40.0);
    CHECK(room.last().ups == "ups-1");
    const status::UpsStatus status = room.monitor->status();
    CHECK(status.state == PowerState::battery);
    CHECK(status.charge_percent == 40.0);
    CHECK(status.words == "OB");
    CHECK(status.problem.empty());
    CHECK(status.heard);
}

TEST_CASE("a server that closes is asked again, and unknown until it answers", "[ups]") {
    Room room;
    room.say_status("OB");
    REQUIRE(room.await_state(PowerState::battery));
    room.say("");
    REQUIRE(room.await_state(PowerState::unknown));
    CHECK(room.last().detail.find("closed") != std::string::npos);
    CHECK(room.monitor->is_on_battery());
    CHECK_FALSE(room.monitor->status().problem.empty());
    room.say_status("OL");
    REQUIRE(room.await_state(PowerState::mains));
    CHECK(room.monitor->status().problem.empty());
}

TEST_CASE("a monitor logs in where it has a user name, and says when it is turned away", "[ups]") {
    Room good{"sluice", "a \"secret\""};
    good.say_status("OL");
    REQUIRE(good.await_state(PowerState::mains));
    CHECK(good.heard().starts_with(
        "USERNAME \"sluice\"\nPASSWORD \"a \\\"secret\\\"\"\nLOGIN \"ups1\"\nLIST VAR \"ups1\"\n"
    ));
    Room bad{"sluice", "wrong"};
    bad.say_status("OL");
    REQUIRE(bad.await_state(PowerState::unknown));
    CHECK(bad.last().detail.find("password is wrong") != std::string::npos);
    CHECK(bad.heard().find("LIST") == std::string::npos);
}

TEST_CASE("an answer without end is given up", "[ups]") {
    Room room;
    room.say(std::string(100'000, 'a'));
    REQUIRE(room.await_state(PowerState::unknown));
    room.say_status("OL");
    CHECK(room.await_state(PowerState::mains));
}
