// Door boards that are asked over UDP, against one in a process of its own.
#include "config/base/files.hpp"
#include "jobs/access/keeper.hpp"
#include "tests/integration/controllers_stage.hpp"
#include "tests/support/uhppote_simulator.hpp"

#include <csignal>
#include <stop_token>

#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
using nlohmann::json;

namespace {

struct BoardStage : ControllersStage {
    BoardStage() : ControllersStage("405419896/1") {
        access.controllers = {
            {.source = "urn:acs-1",
             .protocol = config::DoorProtocol::uhppote,
             .serial = UhppoteSimulator::kSerial,
             .address = "127.0.0.1",
             .port = board.port(),
             .poll = 20ms}
        };
    }
    /// `second` of 20:06 on the stage's day, in Taipei. Its number at the board.
    std::string swipe(int second) {
        return board.command(fmt::format("add 1 1 1 1 {} 202611182006{:02} 1", kCard, second));
    }
    std::string open(int second) {
        return board.command(fmt::format("add 2 1 1 1 0 202611182006{:02} 23", second));
    }
    std::string close(int second) {
        return board.command(fmt::format("add 2 1 1 1 0 202611182006{:02} 24", second));
    }
    [[nodiscard]] bool await_events(int count) const {
        return await_query("SELECT count(*)::text FROM access_events", std::to_string(count));
    }
    [[nodiscard]] std::string gaps() const {
        return query(
            "SELECT coalesce(string_agg(concat_ws('|', data::jsonb->>'from_index', data::jsonb->>'to_index', "
            "data::jsonb->>'after_index', data::jsonb->>'cause'), ' ' ORDER BY event_id), '') FROM "
            "access_events WHERE code = 'acs.gap'"
        );
    }

    UhppoteSimulator board;
};

}  // namespace

TEST_CASE("a board's events come once, sealed and with the inventory's names", "[controllers][uhppote][pg]") {
    BoardStage stage;
    stage.swipe(1);
    stage.open(2);
    stage.close(3);
    stage.follow();
    REQUIRE(stage.await_events(3));
    CHECK(stage.codes() == "access.granted door.opened door.closed");
    const json items = stage.got("/v1/access/events?door=3f-main&code=access.granted", stage.guard)["items"];
    REQUIRE(items.size() == 1);
    CHECK(items[0]["source"] == "urn:acs-1");
    CHECK(items[0]["id"].is_string());
    CHECK(items[0].dump().find(ControllersStage::kCard) == std::string::npos);
    CHECK(stage.query("SELECT card_last_four FROM access_events WHERE card_hmac IS NOT NULL") == "538");
    CHECK(stage.query("SELECT count(*)::text FROM access_events WHERE controller_index IN (1, 2, 3)") == "3");
    CHECK_FALSE(stage.shows_card());
    // One record in the audit log for the batch.
    CHECK(stage.records("access.%") == "access.accepted");
    CHECK(
        stage.query("SELECT concat_ws('|', channel, principal, events) FROM access_batches") ==
        "adapter|adapter urn:acs-1|3"
    );

    // Another worker goes on where this one was; nothing comes twice.
    stage.leave();
    stage.open(4);
    stage.follow();
    REQUIRE(stage.await_events(4));
    CHECK(stage.codes() == "access.granted door.opened door.closed door.opened");
    CHECK(stage.query("SELECT string_agg(events::text, ' ' ORDER BY place) FROM access_batches") == "3 1");

    // While it watches, news comes by itself.
    stage.close(5);
    REQUIRE(stage.await_events(5));
    CHECK(stage.gaps().empty());
}

TEST_CASE(
    "a datagram that is lost is asked for again, and a stranger's is not listened to",
    "[controllers][uhppote][pg]"
) {
    BoardStage stage;
    stage.follow();
    stage.board.command("stranger on");
    stage.swipe(1);
    REQUIRE(stage.await_events(1));
    stage.board.command("lose 3");
    stage.open(2);
    REQUIRE(stage.await_events(2));
    stage.board.command("late 2");
    stage.close(3);
    REQUIRE(stage.await_events(3));
    CHECK(stage.codes() == "access.granted door.opened door.closed");
    // Five tries were enough, so the board was never taken for gone.
    CHECK(stage.query("SELECT count(*)::text FROM access_events WHERE code LIKE 'acs.%'") == "0");
}

TEST_CASE(
    "numbers that the board can't give any more are told, and raise an alarm",
    "[controllers][uhppote][pg]"
) {
    BoardStage stage;
    stage.swipe(1);
    stage.follow();
    REQUIRE(stage.await_events(1));
    stage.leave();
    for (int second = 2; second < 12; ++second)
        stage.open(second);
    stage.board.command("overwrite 4");  // 1 to 4
    stage.board.command("absent 7");
    stage.board.command("absent 8");
    stage.follow();
    // 5, 6, 9, 10, 11 and the two holes.
    REQUIRE(stage.await_events(1 + 5 + 2));
    CHECK(stage.gaps() == "2|4|overwritten 7|8|absent");
    stage.leave();
    stage.clock.move(1min);
    catalogue::Pool worker{stage.database.conninfo("sluice_worker"), 1};
    jobs::AccessKeeper keeper;
    REQUIRE(keeper.tick(worker, stage.clock, std::stop_token{}));
    const json alarms = stage.got("/v1/access/alarms?kind=index_gap", stage.guard)["items"];
    REQUIRE(alarms.size() == 2);

    // And the same once more after a restart is nothing new.
    stage.follow();
    stage.open(30);
    REQUIRE(stage.await_events(9));
    CHECK(stage.gaps() == "2|4|overwritten 7|8|absent");
}

TEST_CASE(
    "a board that counts from the beginning again is followed from there",
    "[controllers][uhppote][pg]"
) {
    BoardStage stage;
    stage.swipe(1);
    stage.open(2);
    stage.follow();
    REQUIRE(stage.await_events(2));
    // Fewer than before: seen at once.
    stage.board.command("clear");
    stage.close(3);
    REQUIRE(stage.await_events(4));
    CHECK(stage.gaps() == "2|numbering_anew");
    stage.leave();
    // As many as before, while nobody looked: the event of the number is another one.
    stage.board.command("clear");
    stage.open(4);
    stage.close(5);
    stage.follow();
    REQUIRE(stage.await_events(7));
    CHECK(stage.gaps() == "1|numbering_anew 2|numbering_anew");
    CHECK(stage.query("SELECT count(DISTINCT device_time)::text FROM access_events") == "5");
}

TEST_CASE("a board that does not answer is offline, and online when it does", "[controllers][uhppote][pg]") {
    BoardStage stage;
    const auto shown = [&] { return stage.got("/v1/controllers/acs-1", stage.guard); };
    CHECK(shown()["connection"] == "never_heard");
    CHECK(shown()["last_heard_at"] == nullptr);
    CHECK(shown()["last_error"] == nullptr);
    stage.pauses.patience = {.answer = 20ms, .tries = 1};
    stage.swipe(1);
    stage.board.command("lose 1000000");
    stage.follow();
    REQUIRE(stage.await_events(1));
    CHECK(stage.query("SELECT code FROM access_events") == "acs.controller_offline");
    CHECK(shown()["connection"] == "never_heard");  // the worker said that, and not the board
    CHECK(shown()["last_error"]["kind"] == "no_answer");
    // Said once, by the next worker too.
    stage.leave();
    stage.clock.move(1s);
    const std::size_t before = std::stoul(stage.board.command("asked"));
    stage.follow();
    REQUIRE(eventually(ControllersStage::kLimit, [&] {
        return std::stoul(stage.board.command("asked")) > before + 10;
    }));
    CHECK(stage.query("SELECT count(*)::text FROM access_events") == "1");
    stage.board.command("lose 0");
    REQUIRE(stage.await_events(3));
    CHECK(
        stage.query("SELECT string_agg(code, ' ' ORDER BY code) FROM access_events") ==
        "access.granted acs.controller_offline acs.controller_online"
    );
    REQUIRE(eventually(ControllersStage::kLimit, [&] { return shown()["connection"] == "connected"; }));
    CHECK(shown()["last_heard_at"] == to_rfc3339(stage.clock.now()));
    CHECK(shown()["last_error"]["kind"] == "no_answer");  // it is over, and when it was stands beside
    stage.board.kill();
    REQUIRE(eventually(ControllersStage::kLimit, [&] { return shown()["connection"] == "silent"; }));
    REQUIRE(eventually(ControllersStage::kLimit, [&] {
        return shown()["last_error"]["kind"] == "unreachable";
    }));
    CHECK(stage.got("/v1/controllers", stage.guard)["items"][0]["connection"] == "silent");
}

TEST_CASE("what happens while the database is away is fetched afterwards", "[controllers][uhppote][pg]") {
    BoardStage stage;
    stage.swipe(1);
    stage.follow();
    REQUIRE(stage.await_events(1));
    const auto& cluster = Postgres::instance();
    cluster.hide_socket();
    const std::size_t before = std::stoul(stage.board.command("asked"));
    stage.open(2);
    stage.close(3);
    CHECK(eventually(ControllersStage::kLimit, [&] {
        return std::stoul(stage.board.command("asked")) > before + 3;
    }));
    cluster.show_socket();
    REQUIRE(stage.await_events(3));
    CHECK(
        stage.query("SELECT string_agg(code, ' ' ORDER BY controller_index) FROM access_events") ==
        "access.granted door.opened door.closed"
    );
}

TEST_CASE("a board that says that it has news is asked at once", "[controllers][uhppote][pg]") {
    BoardStage stage;
    stage.access.controllers.front().poll = 24h;
    stage.access.uhppote_listen = "127.0.0.1:0";
    stage.follow();
    REQUIRE(eventually(ControllersStage::kLimit, [&] {
        return stage.watch->uhppote_port() != 0 && stage.board.command("asked") != "0";
    }));
    stage.swipe(1);
    stage.board.command("push " + std::to_string(stage.watch->uhppote_port()));
    CHECK(stage.await_events(1));
}

TEST_CASE(
    "the worker follows the boards of its configuration, killed and begun again",
    "[controllers][uhppote][pg]"
) {
    BoardStage stage;
    const auto file = stage.data.path() / "sluice.toml";
    const auto text = [&](const std::string& controllers) {
        return fmt::format(
            "data = \"{}\"\n[storage]\nvolumes = [\"{}\"]\n[database]\nurl = \"{}\"\n{}",
            (stage.data.path() / "data").string(),
            (stage.data.path() / "volume").string(),
            stage.database.conninfo("sluice_worker"),
            controllers
        );
    };
    const std::string controllers = fmt::format(
        "[[access.controllers]]\nsource = \"urn:acs-1\"\nprotocol = \"uhppote\"\nserial = \"{}\"\n"
        "address = \"127.0.0.1\"\nport = {}\npoll = \"1s\"\n",
        UhppoteSimulator::kSerial,
        stage.board.port()
    );
    REQUIRE(replace_file(file, text(""), 0644));
    const auto start = [&] {
        auto started = Process::start(
            {SLUICE_BIN_DIR "/sluice", "work", "--config", file.string()},
            {.log = stage.data.path() / "worker.log"}
        );
        REQUIRE(started);
        REQUIRE(started->wait_for_line("worker_started", ControllersStage::kLimit));
        return std::move(*started);
    };
    Process worker = start();
    stage.swipe(1);
    CHECK(stage.board.command("asked") == "0");
    REQUIRE(replace_file(file, text(controllers), 0644));
    worker.send_signal(SIGHUP);
    REQUIRE(stage.await_events(1));
    worker.kill_now();
    stage.open(2);
    Process next = start();
    REQUIRE(stage.await_events(2));
    CHECK(next.output().find(ControllersStage::kCard) == std::string::npos);
    CHECK(next.stop(30s) == ExitStatus{});
    CHECK(stage.query("SELECT count(*)::text FROM access_events") == "2");
}
