#include "storage/catalogue/access_repository.hpp"

#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

access::Event opened(const std::string& id, UtcTime at = kStart) {
    access::Event event;
    event.source = "/controllers/lobby";
    event.id = id;
    event.code = "door.opened";
    event.device_time = at;
    event.received = kStart + 5s;
    event.door = "1f-main";
    event.index = 7;
    return event;
}

struct Doors {
    test::Database database;
    Pool api{database.conninfo("sluice_api"), 2};
    Pool worker{database.conninfo("sluice_worker"), 2};

    [[nodiscard]] StoredEvents accept(Pool& pool, std::vector<access::Event> events) const {
        return need(accept_events(
            pool,
            {.channel = AccessChannel::adapter,
             .actor = ledger::system_actor("sluice-worker"),
             .events = std::move(events)},
            kStart + 5s
        ));
    }
    [[nodiscard]] std::string count(const std::string& from) const {
        return database.query("SELECT count(*)::text FROM " + from, "sluice_auditor");
    }
};

using Fates = std::vector<EventFate>;

TEST_CASE("a batch of events is stored once, with one record in the audit log", "[pg][access]") {
    Doors doors;
    const auto first = doors.accept(doors.api, {opened("1"), opened("2", kStart + 1s)});
    CHECK(first.fates == Fates{EventFate::accepted, EventFate::accepted});
    CHECK(first.accepted == 2);
    CHECK(doors.count("access_events") == "2");
    CHECK(doors.count("ledger_records WHERE action = 'access.accepted'") == "1");
    CHECK(doors.count("access_batches WHERE place = 1 AND events = 2") == "1");
}

TEST_CASE("the same events again change nothing and leave no trace", "[pg][access]") {
    Doors doors;
    static_cast<void>(doors.accept(doors.api, {opened("1"), opened("2")}));
    auto late = opened("2");
    late.received += 1h;  // the receipt is ours, not the event's
    const auto again = doors.accept(doors.worker, {opened("1"), late});
    CHECK(again.fates == Fates{EventFate::duplicate, EventFate::duplicate});
    CHECK_FALSE(again.batch_id);
    CHECK(doors.count("access_events") == "2");
    CHECK(doors.count("access_batches") == "1");
    CHECK(doors.count("ledger_records") == "1");
}

TEST_CASE("another event under a used id is a conflict, not a repetition", "[pg][access]") {
    Doors doors;
    static_cast<void>(doors.accept(doors.api, {opened("1")}));
    auto other = opened("1");
    other.door = "1f-rear";
    const auto batch = doors.accept(doors.api, {other, opened("2"), opened("3"), opened("3")});
    CHECK(
        batch.fates ==
        Fates{EventFate::conflict, EventFate::accepted, EventFate::accepted, EventFate::duplicate}
    );
    CHECK(doors.count("access_events WHERE door = '1f-rear'") == "0");
    CHECK(doors.count("access_events") == "3");
}

TEST_CASE("an event is kept with all that it says", "[pg][access]") {
    Doors doors;
    auto event = opened("é\"{},\\", kStart - 400 * 24h);  // over a year behind: a clock that is none
    event.card = access::Card{.hmac = sha256(as_bytes("card")), .last_four = "4321"};
    event.direction = access::Direction::in;
    event.clip = access::ClipPointer{.camera = "1f-main-inside", .range = {kStart, kStart + 10s}};
    event.person_category = "staff";
    event.unit = "秘書室";
    event.data = R"({"vendor":{"code":"7"}})";
    static_cast<void>(doors.accept(doors.api, {event}));
    CHECK(
        doors.count("access_events WHERE at = received_at AND device_time < at AND event_id = E'é\"{},\\\\'"
        ) == "1"
    );
    CHECK(
        doors.count("access_events WHERE octet_length(card_hmac) = 32 AND card_last_four = '4321' AND unit "
                    "= '秘書室' AND clip_camera = '1f-main-inside' AND direction = 'in' AND "
                    "controller_index = 7 AND reader IS NULL AND data::jsonb->'vendor'->>'code' = '7'") == "1"
    );
}

TEST_CASE("events of a month that had no partition move into it when it is made", "[pg][access]") {
    Doors doors;
    static_cast<void>(doors.accept(doors.worker, {opened("1")}));
    CHECK(doors.database.query("SELECT count(*)::text FROM access_events_rest", "sluice_super") == "1");
    need(ensure_partitions(doors.worker, kStart));
    CHECK(doors.database.query("SELECT count(*)::text FROM access_events_rest", "sluice_super") == "0");
    CHECK(doors.database.query("SELECT count(*)::text FROM access_events_202611", "sluice_super") == "1");
    static_cast<void>(doors.accept(doors.worker, {opened("2")}));
    CHECK(doors.count("access_events") == "2");
    CHECK(doors.accept(doors.worker, {opened("1")}).fates == Fates{EventFate::duplicate});
}

}  // namespace
}  // namespace sluice::catalogue
