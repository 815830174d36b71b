#include "storage/access/site_file.hpp"

#include "config/base/files.hpp"
#include "storage/access/members.hpp"

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::access;

namespace {

std::vector<std::string> faults(const char* text) {
    const auto read = parse_site(text);
    return read ? std::vector<std::string>{} : read.error();
}

Door door_of(const SiteThing& thing) {
    return with_members(thing.object, Door{}).value();
}

}  // namespace

TEST_CASE("the first site's doors are what was told of them", "[access][site]") {
    const auto path = std::filesystem::path{SLUICE_SOURCE_DIR} / "config" / "doors-anping.json";
    const auto site = parse_site(read_text_file(path, kMostSiteBytes).value());
    REQUIRE(site);
    REQUIRE(site->doors.size() == 12);
    for (int i = 0; i < 8; ++i) {
        const Door lock = door_of(site->doors.at(static_cast<std::size_t>(i)));
        CHECK(lock.slug == "eml-0" + std::to_string(i + 1));
        CHECK(lock.kind == DoorKind::eml);
        CHECK(lock.fail_mode == FailMode::fail_safe);
        CHECK(lock.boundary == Boundary::unplaced);
    }
    const auto find = [&](const char* slug) {
        return *std::ranges::find(site->doors, slug, &SiteThing::slug);
    };
    CHECK(door_of(find("1f-main")).is_main);
    CHECK(door_of(find("1f-main")).leaves == 2);
    CHECK(door_of(find("1f-main")).camera_slugs == std::vector<std::string>{"1f-main-inside"});
    CHECK(door_of(find("1f-rear")).is_rear);
    CHECK(door_of(find("3f-main")).kind == DoorKind::anode_bolt);
    CHECK(door_of(find("3f-rear")).state == InventoryState::planned);
    CHECK(reference_of(find("3f-rear"), "controller") == "acs-3f-rear");
    CHECK(reference_of(find("eml-01"), "controller").empty());
}

TEST_CASE("all faults of a site's file are told at once", "[access][site]") {
    CHECK(faults("[]") == std::vector<std::string>{"must be one JSON object of well-formed UTF-8"});
    CHECK(faults("{").size() == 1);
    CHECK(
        faults(R"({"doors": [{"slug": "a", "name": "A", "colour": 1}, {"slug": "B", "name": "B"}, 7,
                   {"slug": "c", "name": "C"}, {"slug": "c", "name": "C"}, {"slug": "d", "name": "D", "leaves": 3},
                   {"slug": "e", "name": "E", "controller": 1}], "windows": [], "readers": {}})") ==
        std::vector<std::string>{
            "doors[0].colour: is no member; take it out",
            "doors[1].slug: 1 to 63 of a-z, 0-9 and dashes, none at an end; e.g. \"1f-rear\".",
            "doors[2]: must be an object",
            "doors[4].slug: \"c\" stands twice; keep one",
            "doors[5].leaves: From 1 to 2.",
            "doors[6].controller: Must be a text.",
            "readers: must be a list",
            "windows: is no list of doors; there are person_categories, controllers, doors and readers",
        }
    );
}

TEST_CASE("members that are left out stay, and a change says from what to what", "[access][site]") {
    Door door;
    door.slug = "1f-main";
    door.name = "正門";
    door.leaves = 2;
    const auto changed =
        with_members(R"({"held_open_seconds": 30, "labels": ["b", "a", "b"], "name": null})", door);
    REQUIRE(changed);
    CHECK(changed->leaves == 2);
    CHECK(changed->name == "正門");
    CHECK(changed->labels == std::vector<std::string>{"a", "b"});
    CHECK(
        changes_between(to_json(door, ""), to_json(*changed, "")) ==
        R"({"held_open_seconds":{"from":60,"to":30},"labels":{"from":[],"to":["a","b"]}})"
    );
    CHECK(changes_between({}, to_json(door, "")) == to_json(door, ""));
    const auto renamed = with_members(R"({"slug": "other"})", door);
    REQUIRE_FALSE(renamed);
    CHECK(renamed.error().code == "SLUG_FIXED");
    Controller controller;
    controller.slug = "acs-1";
    controller.name = "x";
    controller.heartbeat = std::chrono::seconds{60};
    CHECK_FALSE(with_members(R"({"heartbeat_seconds": 0})", controller)->heartbeat);
    CHECK(with_members(R"({"heartbeat_seconds": 0.5})", controller).error().member == "heartbeat_seconds");
}
