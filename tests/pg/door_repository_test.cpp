#include "storage/catalogue/door_repository.hpp"

#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

ledger::Act act(const std::string& action) {
    return {
        .action = action,
        .actor = ledger::system_actor("test"),
        .subject = {.kind = "door", .id = "-"},
        .facts = "{}",
    };
}

access::Controller controller(const std::string& slug) {
    return {
        .id = make_uuid_v7(kStart),
        .slug = slug,
        .name = "門禁控制器",
        .make = "unknown",
        .kind = access::ControllerKind::http_push,
        .state = access::InventoryState::planned,
        .source = "urn:controller:" + slug,
        .account_id = std::nullopt,
        .heartbeat = 90s,
        .clock = access::ControllerClock::utc,
        .clock_tolerance = 5s,
    };
}

access::Door door(const std::string& slug) {
    return {
        .id = make_uuid_v7(kStart),
        .slug = slug,
        .name = "一樓後門",
        .kind = access::DoorKind::anode_bolt,
        .leaves = 2,
        .fail_mode = access::FailMode::fail_secure,
        .boundary = access::Boundary::building,
        .state = access::InventoryState::active,
        .is_main = false,
        .is_rear = true,
        .held_open = 45s,
        .controller_id = std::nullopt,
        .labels = {"1F後門", "with \"quotes\", and {braces}"},
        .camera_slugs = {"drive-left", "lobby-1"},
    };
}

struct Inventoried : Site {
    access::Controller box = controller("door-box");
    access::Door rear = door("1f-rear");

    Inventoried() {
        rear.controller_id = box.id;
        CHECK(need(create_controller(reader, box, act("controller.created"), kStart)) == Creation::made);
        CHECK(need(create_door(reader, rear, act("door.created"), kStart)) == Creation::made);
    }
    [[nodiscard]] std::string records() const {
        return database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at, action) FROM ledger_records WHERE action ~ "
            "'^(controller|door|reader)[.]'"
        );
    }
};

TEST_CASE("controllers, doors and readers come back as they were made", "[pg][doors]") {
    Inventoried site;
    const access::Reader reader{
        .id = make_uuid_v7(kStart),
        .slug = "1f-rear-in",
        .name = "後門讀卡機",
        .door_id = site.rear.id,
        .side = access::ReaderSide::in,
        .state = access::InventoryState::active,
        .labels = {"R2"},
    };
    CHECK(need(create_reader(site.reader, reader, act("reader.created"), kStart)) == Creation::made);

    const auto box = need(find_controller(site.reader, "door-box")).value();
    CHECK(box.controller == site.box);
    CHECK(box.edited.revision == 1);
    CHECK(box.edited.created == kStart);
    CHECK(
        need(find_controller_of_source(site.reader, "urn:controller:door-box"))->controller.id == site.box.id
    );
    CHECK_FALSE(need(find_controller_of_source(site.reader, "urn:other")));
    const auto rear = need(find_door(site.reader, "1f-rear")).value();
    CHECK(rear.door == site.rear);
    CHECK(rear.controller_slug == "door-box");
    const auto readers = need(load_readers(site.reader, {}, "1f-rear"));
    REQUIRE(readers.size() == 1);
    CHECK(readers[0].reader == reader);
    CHECK(readers[0].door_slug == "1f-rear");
    CHECK(need(find_reader(site.reader, "1f-rear-in"))->reader == reader);
    CHECK(need(load_readers(site.reader, {}, "1f-main")).empty());
    CHECK_FALSE(need(find_door(site.reader, "1f-main")));
    CHECK(site.records() == "controller.created door.created reader.created");
}

TEST_CASE("a thing is made once, and its slug is nobody else's", "[pg][doors]") {
    Inventoried site;
    CHECK(need(create_door(site.reader, site.rear, act("door.created"), kStart)) == Creation::is_there);
    CHECK(
        need(create_door(site.reader, door("1f-rear"), act("door.created"), kStart)) == Creation::name_taken
    );
    auto other = controller("other-box");
    other.source = site.box.source;
    CHECK(
        need(create_controller(site.reader, other, act("controller.created"), kStart)) == Creation::name_taken
    );
    CHECK(site.records() == "controller.created door.created");
    CHECK(need(load_doors(site.reader)).size() == 1);
}

TEST_CASE("a change names the revision it has seen, and its record goes with it", "[pg][doors]") {
    Inventoried site;
    access::Door changed = site.rear;
    changed.boundary = access::Boundary::section;
    changed.camera_slugs = {"lobby-1"};
    changed.controller_id.reset();
    CHECK(need(change_door(site.reader, changed, 1, act("door.changed"), kStart + 1h)));
    CHECK_FALSE(need(change_door(site.reader, site.rear, 1, act("door.changed"), kStart + 2h)));
    const auto rear = need(find_door(site.reader, "1f-rear")).value();
    CHECK(rear.door == changed);
    CHECK(rear.edited.revision == 2);
    CHECK(rear.edited.changed == kStart + 1h);
    access::Controller box = site.box;
    box.heartbeat.reset();
    box.source.clear();
    CHECK(need(change_controller(site.reader, box, 1, act("controller.changed"), kStart)));
    CHECK(need(find_controller(site.reader, "door-box"))->controller == box);
    CHECK(site.records() == "controller.created door.created door.changed controller.changed");
}

TEST_CASE("lists go on behind a slug", "[pg][doors]") {
    Inventoried site;
    for (const char* slug : {"1f-main", "3f-main"})
        need(create_door(site.reader, door(slug), act("door.created"), kStart));
    const auto first = need(load_doors(site.reader, {.after = {}, .limit = 2}));
    REQUIRE(first.size() == 2);
    CHECK(first[0].door.slug == "1f-main");
    const auto rest = need(load_doors(site.reader, {.after = first[1].door.slug, .limit = 2}));
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].door.slug == "3f-main");
    CHECK(need(load_controllers(site.reader, {.after = "door-box", .limit = 2})).empty());
}

TEST_CASE("the tables keep what no door can be", "[pg][doors]") {
    const Inventoried site;
    const auto violated = [&](const std::string& sql) {
        try {
            site.database.execute(sql);
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
        return std::string{"nothing"};
    };
    CHECK(violated("UPDATE doors SET is_main = true") == "doors_main_or_rear");
    CHECK(violated("UPDATE doors SET leaves = 3") == "doors_leaves_one_or_two");
    CHECK(violated("UPDATE doors SET boundary = 'yard'") == "doors_boundary_known");
    CHECK(violated("UPDATE doors SET state = 'lost'") == "doors_state_known");
    CHECK(violated("UPDATE doors SET kind = 'curtain'") == "doors_kind_known");
    CHECK(violated("UPDATE doors SET fail_mode = 'maybe'") == "doors_fail_mode_known");
    CHECK(violated("UPDATE doors SET held_open_seconds = 0") == "doors_held_open_positive");
    CHECK(violated("UPDATE doors SET slug = '1F rear'") == "doors_slug_form");
    CHECK(violated("UPDATE doors SET name = ''") == "doors_name_present");
    CHECK(violated("UPDATE controllers SET kind = 'magic'") == "controllers_kind_known");
    CHECK(violated("UPDATE controllers SET clock = 'sundial'") == "controllers_clock_known");
    CHECK(violated("UPDATE controllers SET heartbeat_seconds = 0") == "controllers_seconds_positive");
    CHECK(violated("UPDATE controllers SET source = ''") == "controllers_texts_present");
    const std::string link = "INSERT INTO controller_links (source, error_kind, error_at) VALUES ";
    CHECK(violated(link + "('', NULL, NULL)") == "controller_links_source_named");
    CHECK(violated(link + "('urn:a', 'tired', now())") == "controller_links_error_known");
    CHECK(violated(link + "('urn:a', 'no_answer', NULL)") == "controller_links_error_whole");
    const std::string reader_of =
        "INSERT INTO readers (id, slug, name, door_id, side, state, created_at, "
        "changed_at) SELECT gen_random_uuid(), 'r', 'r', id, ";
    CHECK(violated(reader_of + "'up', 'active', now(), now() FROM doors") == "readers_side_known");
    CHECK(violated(reader_of + "'in', 'gone', now(), now() FROM doors") == "readers_state_known");
}

}  // namespace
}  // namespace sluice::catalogue
