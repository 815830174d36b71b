#include "storage/catalogue/override_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

using access::DoorMode;

const ledger::Actor kWorker = ledger::system_actor("sluice-worker");

struct Decided : Site {
    access::Door main;
    access::Door rear;
    Pool worker{database.conninfo("sluice_worker"), 2};

    Decided() {
        for (access::Door* door : {&main, &rear}) {
            door->id = make_uuid_v7(kStart);
            door->slug = door == &rear ? "1f-rear" : "1f-main";
            door->name = door->slug;
            door->is_rear = door == &rear;
            const ledger::Act act{
                .action = "door.created",
                .actor = kWorker,
                .subject = {.kind = "door", .id = door->slug},
                .facts = "{}",
            };
            need(create_door(reader, *door, act, kStart));
        }
    }
    [[nodiscard]] OverrideRow row(DoorMode mode, UtcTime from, std::optional<UtcTime> to) const {
        OverrideRow made;
        made.id = make_uuid_v7(kStart);
        made.mode = mode;
        made.from = from;
        made.to = to;
        made.reason = "演習";
        made.document = "115-0042";
        made.person = "王小明";
        made.placer = kWorker.name;
        made.placed = kStart;
        return made;
    }
    [[nodiscard]] std::vector<std::string> modes(const access::Door& door, TimeRange range) {
        std::vector<std::string> told;
        for (const auto& period : access::periods_in(need(load_schedule(reader, door, range)), range))
            told.emplace_back(access::to_string(period.is.mode));
        return told;
    }
    [[nodiscard]] std::string records() const {
        return database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at, id) FROM ledger_records WHERE "
            "action LIKE 'door.override%'"
        );
    }
};

TEST_CASE("an override is placed once, read back and ended once", "[pg][doors][overrides]") {
    Decided site;
    OverrideRow row = site.row(DoorMode::manual, kStart, kStart + 2h);
    row.door_id = site.rear.id;
    CHECK(need(open_override(site.reader, row, kWorker, kStart)));
    CHECK_FALSE(need(open_override(site.reader, row, kWorker, kStart)));
    const auto found = need(find_override(site.reader, row.id)).value();
    CHECK(found.door_id == site.rear.id);
    CHECK(found.door_slug == "1f-rear");
    CHECK(found.mode == DoorMode::manual);
    CHECK(found.from == kStart);
    CHECK(found.to == kStart + 2h);
    CHECK(found.reason == "演習");
    CHECK(found.document == "115-0042");
    CHECK(found.person == "王小明");
    CHECK(found.owner == OverrideOwner::person);
    CHECK_FALSE(found.end);

    CHECK(need(end_override(site.reader, row.id, {kStart + 1h, "done", kWorker}, kStart + 1h)));
    CHECK_FALSE(need(end_override(site.reader, row.id, {kStart + 3h, "again", kWorker}, kStart + 3h)));
    const auto ended = need(find_override(site.reader, row.id)).value();
    REQUIRE(ended.end);
    CHECK(ended.end->reason == "done");
    CHECK(end_of(ended) == kStart + 1h);
    CHECK(site.records() == "door.override_placed door.override_ended");
    CHECK_THROWS_AS(
        site.database.query("UPDATE door_overrides SET end_reason = 'x' RETURNING id", "sluice_api"),
        pqxx::sql_error
    );
}

TEST_CASE("what an emergency opens ends with it, in the caller's transaction", "[pg][doors][overrides]") {
    Decided site;
    const Uuid emergency = make_uuid_v7(kStart);
    const auto in_transaction = [&](bool commits, const auto& use) {
        need(site.worker.with([&](Connection& connection) -> Status {
            pqxx::work transaction{connection.get()};
            use(transaction);
            if (commits) transaction.commit();
            return {};
        }));
    };
    OverrideRow row = site.row(DoorMode::eoc, kStart, std::nullopt);
    row.owner = OverrideOwner::eoc;
    row.owner_id = emergency;
    in_transaction(false, [&](auto& transaction) {
        CHECK(need(open_override(transaction, row, kWorker, kStart)));
    });
    CHECK_FALSE(need(find_override(site.reader, row.id)));
    in_transaction(true, [&](auto& transaction) {
        CHECK(need(open_override(transaction, row, kWorker, kStart)));
    });
    // kStart is a Monday, 18:00 in Taipei.
    const TimeRange evening{kStart - 1h, kStart + 4h};
    CHECK(site.modes(site.main, evening) == std::vector<std::string>{"free", "eoc"});
    CHECK(site.modes(site.rear, evening) == std::vector<std::string>{"free", "eoc"});
    in_transaction(true, [&](auto& transaction) {
        CHECK(need(end_overrides_of(transaction, emergency, "closed", kWorker, kStart + 3h)) == 1);
        CHECK(need(end_overrides_of(transaction, emergency, "closed", kWorker, kStart + 3h)) == 0);
    });
    CHECK(site.modes(site.main, evening) == std::vector<std::string>{"free", "eoc", "controlled"});
    CHECK(site.modes(site.rear, evening) == std::vector<std::string>{"free", "eoc", "blocked"});
    CHECK(site.records() == "door.override_placed door.override_ended");
}

TEST_CASE("overrides of a range are those that count in it", "[pg][doors][overrides]") {
    Decided site;
    const auto place = [&](UtcTime from, std::optional<UtcTime> to, std::optional<Uuid> door) {
        OverrideRow row = site.row(DoorMode::lockdown, from, to);
        row.door_id = door;
        need(open_override(site.reader, row, kWorker, kStart));
        return row.id;
    };
    const Uuid before = place(kStart - 5h, kStart, site.main.id);
    const Uuid across = place(kStart - 1h, kStart + 1h, site.main.id);
    const Uuid open = place(kStart + 1h, std::nullopt, std::nullopt);
    const Uuid behind = place(kStart + 2h, kStart + 3h, site.main.id);
    const Uuid other = place(kStart, kStart + 1h, site.rear.id);
    const Uuid cancelled = place(kStart + 1h, kStart + 3h, site.main.id);
    need(end_override(site.reader, cancelled, {kStart, "not needed", kWorker}, kStart));
    const auto ids = [&](std::optional<Uuid> door) {
        std::vector<Uuid> found;
        for (const auto& row : need(load_overrides(site.reader, door, {kStart, kStart + 2h})))
            found.push_back(row.id);
        return found;
    };
    CHECK(ids(site.main.id) == std::vector{across, open});
    CHECK(ids(std::nullopt) == std::vector{across, other, open});
    CHECK(before != behind);
}

TEST_CASE("the table takes no override without its why and who", "[pg][doors][overrides]") {
    const Decided site;
    const auto violated = [&](const std::string& columns, const std::string& values) {
        try {
            site.database.execute(
                "INSERT INTO door_overrides (id, from_at, placed_at, placer, " + columns +
                ") VALUES (gen_random_uuid(), now(), now(), 'x', " + values + ")"
            );
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
        return std::string{"nothing"};
    };
    CHECK(violated("mode, reason, owner_kind", "'free', 'x', 'person'") == "nothing");
    CHECK(violated("mode, reason, owner_kind", "'manual', 'x', 'person'") == "door_overrides_manual_named");
    CHECK(violated("mode, reason, owner_kind", "'open', 'x', 'person'") == "door_overrides_mode_known");
    CHECK(violated("mode, reason, owner_kind", "'free', '', 'person'") == "door_overrides_texts_present");
    CHECK(violated("mode, reason, owner_kind", "'eoc', 'x', 'eoc'") == "door_overrides_owned");
    CHECK(
        violated("mode, reason, owner_kind, owner_id", "'eoc', 'x', 'cat', gen_random_uuid()") ==
        "door_overrides_owner_known"
    );
    CHECK(
        violated("mode, reason, owner_kind, to_at", "'free', 'x', 'person', now()") ==
        "door_overrides_in_order"
    );
    CHECK(
        violated("mode, reason, owner_kind, ended_at", "'free', 'x', 'person', now()") ==
        "door_overrides_ended_whole"
    );
}

}  // namespace
}  // namespace sluice::catalogue
