#include "tests/integration/doors_stage.hpp"
#include "tests/support/process.hpp"

#include <filesystem>
#include <fstream>

namespace sluice::test {
namespace {

using nlohmann::json;

TEST_CASE(
    "doors are made, read, listed and changed, each change with its record",
    "[api][doors][integration]"
) {
    DoorsStage stage;
    stage.furnish();
    const json main = stage.got("/v1/doors/1f-main", stage.guard);
    CHECK(main["controller"] == "acs-1");
    CHECK(main["cameras"] == json{"drive-left"});
    CHECK(main["held_open_seconds"] == 60);
    CHECK(main["fail_mode"] == "unknown");
    CHECK(main["state"] == "active");
    CHECK(stage.got("/v1/controllers/acs-1", stage.secretary)["make"] == "unknown");

    const Reply read = fetch(stage.port(), "GET", "/v1/doors/1f-main", {stage.admin});
    const std::string etag = read.header("etag");
    const json change{
        {"fail_mode", "fail_safe"}, {"held_open_seconds", 30}, {"controller", ""}, {"cameras", json::array()}
    };
    CHECK(stage.patch("/v1/doors/1f-main", change, "", stage.admin).status == 428);
    const Reply changed = stage.patch("/v1/doors/1f-main", change, etag, stage.admin);
    REQUIRE(changed.status == 200);
    const json now = json::parse(changed.body);
    CHECK(now["fail_mode"] == "fail_safe");
    CHECK(now["controller"] == nullptr);
    CHECK(now["cameras"].empty());
    CHECK(now["leaves"] == 2);
    CHECK(stage.patch("/v1/doors/1f-main", change, etag, stage.admin).status == 412);
    CHECK(stage.records("door.%") == "door.created door.created door.changed");
    const json facts = json::parse(stage.database.query(
        "SELECT record::jsonb -> 'facts' FROM ledger_records WHERE action = 'door.changed'"
    ));
    CHECK(facts["held_open_seconds"] == json{{"from", 60}, {"to", 30}});
    CHECK_FALSE(facts.contains("leaves"));

    const json first = stage.got("/v1/doors?limit=1", stage.guard);
    CHECK(first["items"][0]["slug"] == "1f-main");
    const json rest = stage.got("/v1/doors?limit=1&cursor=" + first["next"].get<std::string>(), stage.guard);
    CHECK(rest["items"][0]["slug"] == "1f-rear");
    CHECK(rest["next"] == nullptr);

    static_cast<void>(stage.made(
        "/v1/readers",
        {{"slug", "1f-main-in"}, {"name", "正門讀卡機"}, {"door", "1f-main"}, {"side", "in"}},
        stage.admin
    ));
    CHECK(stage.got("/v1/readers/1f-main-in", stage.guard)["door"] == "1f-main");
    CHECK(stage.got("/v1/readers", stage.guard)["items"].size() == 1);
    static_cast<void>(stage.made("/v1/person-categories", {{"slug", "staff"}, {"name", "同仁"}}, stage.admin)
    );
    CHECK(stage.got("/v1/person-categories/staff", stage.guard)["name"] == "同仁");
}

TEST_CASE("everything of the inventory is listed and changed alike", "[api][doors][integration]") {
    DoorsStage stage;
    stage.furnish();
    static_cast<void>(stage.made(
        "/v1/readers", {{"slug", "r-1"}, {"name", "讀卡機"}, {"door", "1f-main"}, {"side", "in"}}, stage.admin
    ));
    static_cast<void>(stage.made("/v1/person-categories", {{"slug", "staff"}, {"name", "同仁"}}, stage.admin)
    );
    const auto change = [&](const std::string& target, const json& body) {
        const Reply read = fetch(stage.port(), "GET", target, {stage.admin});
        const Reply done = stage.patch(target, body, read.header("etag"), stage.admin);
        CAPTURE(target, done.body);
        CHECK(done.status == 200);
        return json::parse(done.body);
    };
    CHECK(change("/v1/controllers/acs-1", {{"heartbeat_seconds", 0}})["heartbeat_seconds"] == nullptr);
    CHECK(change("/v1/readers/r-1", {{"door", "1f-rear"}})["door"] == "1f-rear");
    CHECK(change("/v1/person-categories/staff", {{"state", "retired"}})["state"] == "retired");
    for (const char* list : {"/v1/controllers", "/v1/readers", "/v1/person-categories"})
        CHECK(stage.got(list, stage.guard)["items"].size() == 1);
}

TEST_CASE("a door is made once, and what can't be is refused by name", "[api][doors][integration]") {
    DoorsStage stage;
    stage.furnish();
    const json eml{{"slug", "eml-01"}, {"name", "磁力鎖 1"}, {"kind", "eml"}, {"fail_mode", "fail_safe"}};
    const std::vector<std::string> keyed{stage.admin, "Idempotency-Key: eml-01"};
    CHECK(stage.post("/v1/doors", eml, keyed).status == 201);
    CHECK(stage.post("/v1/doors", eml, keyed).status == 200);
    json other = eml;
    other["slug"] = "eml-02";
    CHECK(DoorsStage::code_of(stage.post("/v1/doors", other, keyed)) == "IDEMPOTENCY_KEY_USED");
    CHECK(DoorsStage::code_of(stage.post("/v1/doors", eml, {stage.admin})) == "DOOR_TAKEN");
    CHECK(stage.post("/v1/doors", other, {stage.secretary}).status == 403);
    CHECK(stage.post("/v1/doors", other, {stage.guard}).status == 403);

    const auto refused = [&](const json& change) {
        json body = other;
        body.update(change);
        const Reply reply = stage.post("/v1/doors", body, {stage.admin});
        const json problem = json::parse(reply.body);
        return std::to_string(reply.status) + " " + problem.value("field", "");
    };
    CHECK(refused({{"slug", "EML 2"}}) == "422 slug");
    CHECK(refused({{"name", ""}}) == "422 name");
    CHECK(refused({{"kind", "curtain"}}) == "400 kind");
    CHECK(refused({{"leaves", 3}}) == "422 leaves");
    CHECK(refused({{"leaves", "2"}}) == "400 leaves");
    CHECK(refused({{"boundary", "yard"}}) == "400 boundary");
    CHECK(refused({{"is_main", 1}}) == "400 is_main");
    CHECK(refused({{"is_main", true}, {"is_rear", true}}) == "422 is_rear");
    CHECK(refused({{"held_open_seconds", 0}}) == "422 held_open_seconds");
    CHECK(refused({{"controller", "none"}}) == "422 controller");
    CHECK(refused({{"cameras", {"none"}}}) == "422 cameras");
    CHECK(refused({{"labels", {""}}}) == "422 labels");
    CHECK(refused({{"colour", "red"}}) == "400 colour");
    CHECK(stage.got("/v1/doors", stage.guard)["items"].size() == 3);

    // A source belongs to one controller.
    static_cast<void>(stage.made("/v1/controllers", {{"slug", "acs-2"}, {"name", "二號"}}, stage.admin));
    const Reply read = fetch(stage.port(), "GET", "/v1/controllers/acs-2", {stage.admin});
    const Reply taken =
        stage.patch("/v1/controllers/acs-2", {{"source", "urn:acs-1"}}, read.header("etag"), stage.admin);
    CHECK(taken.status == 409);
    CHECK(DoorsStage::code_of(taken) == "CONTROLLER_TAKEN");
    CHECK(
        DoorsStage::code_of(stage.patch(
            "/v1/controllers/acs-2",
            {{"account", to_string(stage.secretary_id)}},
            read.header("etag"),
            stage.admin
        )) == "ACCOUNT_UNFIT"
    );
    CHECK(fetch(stage.port(), "GET", "/v1/doors/none", {stage.guard}).status == 404);
}

TEST_CASE("a door's mode follows the office calendar and what was decided", "[api][doors][integration]") {
    DoorsStage stage;
    stage.furnish();
    const auto mode = [&](const std::string& door, const std::string& at) {
        const json told = stage.got("/v1/doors/" + door + "/mode?at=" + at, stage.guard);
        return told["mode"].get<std::string>() + " " + told["reason"].get<std::string>();
    };
    // 2026-11-19 is a Thursday; times of Taipei.
    CHECK(mode("1f-main", "2026-11-19T07:59:59%2B08:00") == "controlled closed_hours");
    CHECK(mode("1f-main", "2026-11-19T08:00:00%2B08:00") == "free office_hours");
    CHECK(mode("1f-rear", "2026-11-19T18:00:00%2B08:00") == "blocked closed_hours");
    CHECK(mode("1f-rear", "2026-11-21T12:00:00%2B08:00") == "controlled day_off");
    const json now = stage.got("/v1/doors/1f-main/mode", stage.guard);
    CHECK(now["mode"] == "controlled");
    CHECK(now["is_calendar_assumed"] == true);
    CHECK(
        now["hours"] ==
        json{
            {"free_from", "08:00"},
            {"is_free_from_assumed", true},
            {"free_to", "18:00"},
            {"time_zone", "Asia/Taipei"}
        }
    );

    const json wanted{
        {"door", "1f-main"},
        {"mode", "manual"},
        {"to", "2026-11-18T14:00:00Z"},
        {"reason", "控制器無回應"},
        {"document", "115-0042"},
        {"person", "王小明"}
    };
    CHECK(stage.post("/v1/door-overrides", wanted, {stage.guard}).status == 403);
    CHECK(stage.post("/v1/door-overrides", wanted, {stage.admin}).status == 403);
    const json placed = stage.made("/v1/door-overrides", wanted, stage.secretary);
    CHECK(placed["by"] == "王秘書");
    CHECK(stage.got("/v1/door-overrides/" + placed["id"].get<std::string>(), stage.guard) == placed);
    const json manual = stage.got("/v1/doors/1f-main/mode", stage.guard);
    CHECK(manual["mode"] == "manual");
    CHECK(manual["decision"]["person"] == "王小明");
    CHECK(stage.got("/v1/doors/1f-rear/mode", stage.guard)["mode"] == "blocked");
    CHECK(stage.got("/v1/door-overrides?door=1f-main", stage.guard)["items"].size() == 1);
    CHECK(stage.got("/v1/door-overrides?door=1f-rear", stage.guard)["items"].empty());

    const json house =
        stage.made("/v1/door-overrides", {{"mode", "lockdown"}, {"reason", "演習"}}, stage.secretary);
    CHECK(stage.got("/v1/doors/1f-main/mode", stage.guard)["mode"] == "lockdown");
    stage.clock.move(std::chrono::minutes{5});
    const std::string end = "/v1/door-overrides/" + house["id"].get<std::string>() + "/end";
    const Reply ended = stage.post(end, {{"reason", "解除"}}, {stage.secretary});
    REQUIRE(ended.status == 200);
    CHECK(json::parse(ended.body)["end"]["by"] == "王秘書");
    CHECK(DoorsStage::code_of(stage.post(end, {{"reason", "解除"}}, {stage.secretary})) == "OVERRIDE_ENDED");
    CHECK(stage.got("/v1/doors/1f-main/mode", stage.guard)["mode"] == "manual");
    CHECK(mode("1f-main", "2026-11-18T12:10:00Z") == "lockdown decided");
    CHECK(mode("1f-main", "2026-11-18T14:00:00Z") == "controlled closed_hours");
    CHECK(stage.records("door.override%") == "door.override_placed door.override_placed door.override_ended");

    // What was so and nobody has entered; entered by mistake it is taken back.
    const json past = stage.made(
        "/v1/door-overrides",
        {{"door", "1f-rear"},
         {"mode", "eoc"},
         {"from", "2026-11-17T12:00:00Z"},
         {"to", "2026-11-17T20:00:00Z"},
         {"reason", "颱風"}},
        stage.secretary
    );
    CHECK(mode("1f-rear", "2026-11-17T13:00:00Z") == "eoc decided");
    const std::string withdraw = "/v1/door-overrides/" + past["id"].get<std::string>() + "/end";
    CHECK(stage.post(withdraw, {{"reason", "日期有誤"}, {"withdraw", 1}}, {stage.secretary}).status == 400);
    const Reply withdrawn =
        stage.post(withdraw, {{"reason", "日期有誤"}, {"withdraw", true}}, {stage.secretary});
    REQUIRE(withdrawn.status == 200);
    CHECK(json::parse(withdrawn.body)["end"]["is_withdrawn"] == true);
    CHECK(mode("1f-rear", "2026-11-17T13:00:00Z") == "blocked closed_hours");

    const auto refused = [&](const json& change) {
        json body = wanted;
        body.update(change);
        return json::parse(stage.post("/v1/door-overrides", body, {stage.secretary}).body).value("field", "");
    };
    CHECK(refused({{"mode", "open"}}) == "mode");
    CHECK(refused({{"person", ""}}) == "person");
    CHECK(refused({{"reason", ""}}) == "reason");
    CHECK(refused({{"from", "2026-10-18T12:00:00Z"}}) == "from");
    CHECK(refused({{"to", "2026-11-18T12:00:00Z"}}) == "to");
    CHECK(refused({{"door", "none"}}) == "door");
}

TEST_CASE(
    "a schedule partitions its range, and another program reads it as a calendar",
    "[api][doors][integration]"
) {
    DoorsStage stage;
    stage.furnish();
    const std::string range = "?from=2026-11-19T00:00:00Z&to=2026-12-03T00:00:00Z";
    const json schedule = stage.got("/v1/doors/1f-rear/schedule" + range, stage.guard);
    const json& periods = schedule["periods"];
    REQUIRE(periods.size() > 20);
    CHECK(periods.front()["from"] == schedule["from"]);
    CHECK(periods.back()["to"] == schedule["to"]);
    for (std::size_t i = 1; i < periods.size(); ++i)
        CHECK(periods[i]["from"] == periods[i - 1]["to"]);
    CHECK(
        fetch(
            stage.port(),
            "GET",
            "/v1/doors/1f-rear/schedule?from=2026-01-01T00:00:00Z&to=2027-06-01T00:00:00Z",
            {stage.guard}
        )
            .status == 422
    );
    CHECK(stage.got("/v1/doors/1f-rear/schedule", stage.guard)["from"] == "2026-11-17T16:00:00.000000Z");

    const Reply exported =
        fetch(stage.port(), "GET", "/v1/doors/1f-rear/schedule.ics" + range, {stage.guard});
    REQUIRE(exported.status == 200);
    CHECK(exported.header("content-type") == "text/calendar; charset=utf-8");
    const auto file = stage.data.path() / "rear.ics";
    std::ofstream{file, std::ios::binary} << exported.body;
    const std::string reader = R"(
import sys, icalendar
calendar = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())
for event in calendar.walk('VEVENT'):
    start, end = event.decoded('dtstart'), event.decoded('dtend')
    print(start.strftime('%Y-%m-%dT%H:%M:%SZ'), end.strftime('%Y-%m-%dT%H:%M:%SZ'), event.decoded('summary').decode().split(': ')[1])
)";
    const auto read = run_to_end({"/usr/bin/python3", "-c", reader, file.string()}, std::chrono::minutes{1});
    REQUIRE(read);
    CAPTURE(read->errors);
    REQUIRE(read->status.code == 0);
    std::string expected;
    const auto whole = [](std::string time) { return time.substr(0, 19) + "Z"; };
    for (const json& period : periods)
        expected += whole(period["from"]) + " " + whole(period["to"]) + " " +
                    period["mode"].get<std::string>() + "\n";
    CHECK(read->output == expected);
}

TEST_CASE("what is still open about the doors is listed", "[api][doors][integration]") {
    DoorsStage stage;
    stage.furnish();
    static_cast<void>(stage.made(
        "/v1/doors", {{"slug", "3f-rear"}, {"name", "三樓後門"}, {"state", "planned"}}, stage.admin
    ));
    static_cast<void>(stage.made("/v1/doors", {{"slug", "eml-01"}, {"name", "磁力鎖 1"}}, stage.admin));
    const json items = stage.got("/v1/door-findings", stage.guard)["items"];
    const auto has = [&](const char* kind, const json& subject) {
        return std::ranges::any_of(items, [&](const json& item) {
            return item["kind"] == kind && item["subject"] == subject;
        });
    };
    CHECK(has("door_planned", "3f-rear"));
    CHECK_FALSE(has("door_without_camera", "3f-rear"));
    CHECK(has("door_unplaced", "eml-01"));
    CHECK_FALSE(has("door_unplaced", "1f-main"));
    CHECK(has("door_without_controller", "1f-rear"));
    CHECK(has("controller_make_unknown", "acs-1"));
    CHECK(has("opening_hour_assumed", nullptr));
    CHECK(has("calendar_missing", nullptr));
    CHECK(stage.got("/v1/doors/3f-rear/mode", stage.guard)["is_planned"] == true);
}

}  // namespace
}  // namespace sluice::test
