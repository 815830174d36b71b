#include "storage/calendar/date.hpp"
#include "tests/integration/office_stage.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Noon of a day in Taiwan. Nobody has imported a calendar: Monday to Friday.
struct DutyOffice : OfficeStage {
    DutyOffice() {
        // Those that come with the program begin when the test is run.
        database.execute("UPDATE duties SET retired_at = now()");
        set("2026-11-23");
    }
    void set(const char* day) { clock.set(calendar::start_of(*calendar::date_from(day)) + 12h); }
    /// The id of a new duty.
    [[nodiscard]] std::string create(const json& wanted) const {
        const Reply made = post(secretary, "/v1/duties", wanted);
        REQUIRE(made.status == 201);
        return json::parse(made.body)["id"];
    }
    [[nodiscard]] json turn_of(const std::string& id, const char* day) const {
        for (const json& turn : read("/v1/duties/" + id)["turns"])
            if (turn["turn"] == day) return turn;
        return nullptr;
    }
};

const json kWeekly{
    {"kind", "cleaning"},
    {"name", "清潔"},
    {"owner", "secretariat"},
    {"recurs", "weekly"},
    {"weekday", 6}
};

TEST_CASE(
    "a duty comes round on the office calendar, is late, and is done with evidence",
    "[api][duties][integration]"
) {
    DutyOffice office;
    const std::string id = office.create(kWeekly);
    CHECK(office.turn_of(id, "2026-11-28")["due"] == "2026-11-30");  // a Saturday
    CHECK(office.turn_of(id, "2026-11-28")["is_assumed"] == true);
    CHECK(office.turn_of(id, "2026-11-21") == nullptr);  // before it was laid down
    office.set("2026-11-30");
    CHECK(office.turn_of(id, "2026-11-28")["state"] == "due");
    office.set("2026-12-01");
    const json late = office.read_as(office.auditor, "/v1/duties?state=overdue");
    REQUIRE(late["items"].size() == 1);
    CHECK(late["items"][0]["turns"][0]["turn"] == "2026-11-28");
    const json done{{"note", "已清潔"}, {"evidence", {{"photo", "IMG_1"}}}};
    CHECK(office.post(office.secretary, "/v1/duties/" + id + "/turns/2026-11-28", done).status == 201);
    CHECK(
        OfficeStage::code_of(office.post(office.secretary, "/v1/duties/" + id + "/turns/2026-11-28", done)) ==
        "TURN_DONE"
    );
    CHECK(office.turn_of(id, "2026-11-28")["state"] == "done_late");
    CHECK(office.turn_of(id, "2026-11-28")["done"]["evidence"]["photo"] == "IMG_1");
    CHECK(office.read("/v1/duties?state=overdue")["items"].empty());
    CHECK(office.post(office.secretary, "/v1/duties/" + id + "/turns/2026-11-27", done).status == 404);
    CHECK(office.post(office.secretary, "/v1/duties/" + id + "/retire", json::object()).status == 200);
    CHECK(office.turn_of(id, "2026-12-05") == nullptr);
}

TEST_CASE(
    "a test of the UPS is as long as the policy wants, and its record is what was recorded meanwhile",
    "[api][duties][integration]"
) {
    DutyOffice office;
    const std::string id = office.create(
        {{"kind", "ups_test"},
         {"name", "UPS"},
         {"owner", "secretariat"},
         {"recurs", "yearly"},
         {"month", 11},
         {"day", 23}}
    );
    const UtcTime now = office.clock.now();
    const auto enter = [&](UtcTime from, UtcTime to) {
        return office.post(
            office.secretary,
            "/v1/duties/" + id + "/turns/2026-11-23",
            {{"note", "年度測試"}, {"from", to_rfc3339(from)}, {"to", to_rfc3339(to)}}
        );
    };
    CHECK(OfficeStage::refusal_of(enter(now - 4h + 1s, now)) == "422 TEST_TOO_SHORT to");
    CHECK(OfficeStage::refusal_of(enter(now - 3h, now + 1h)) == "422 TEST_NOT_OVER to");
    CHECK(
        OfficeStage::refusal_of(
            office.post(office.secretary, "/v1/duties/" + id + "/turns/2026-11-23", {{"note", "x"}})
        ) == "422 MEMBER_MISSING from"
    );
    REQUIRE(enter(now - 5h, now).status == 201);
    const json evidence = office.turn_of(id, "2026-11-23")["done"]["evidence"];
    CHECK(evidence["from"] == to_rfc3339(now - 5h));
    CHECK(evidence["is_continuous"] == false);
}

TEST_CASE("a duty that makes no sense is refused by name", "[api][duties][integration]") {
    DutyOffice office;
    const auto refused = [&](const json& change) {
        json wanted = kWeekly;
        wanted.update(change);
        return OfficeStage::refusal_of(office.post(office.secretary, "/v1/duties", wanted));
    };
    CHECK(refused({{"kind", "party"}}) == "400 INVALID_MEMBER kind");
    CHECK(refused({{"owner", "nobody"}}) == "400 INVALID_MEMBER owner");
    CHECK(refused({{"recurs", "hourly"}}) == "400 INVALID_MEMBER recurs");
    CHECK(refused({{"weekday", 8}}) == "400 INVALID_MEMBER weekday");
    CHECK(refused({{"day", 1}}) == "422 MEMBER_UNUSED day");
    CHECK(refused({{"starts", "2026-11-22"}}) == "422 DUTY_STARTS_PAST starts");
    CHECK(office.post(office.guard, "/v1/duties", kWeekly).status == 403);
    CHECK(office.status_as(office.secretary, "/v1/duties?state=x") == 400);
}

TEST_CASE("a follow-up is tracked until somebody closes it with its evidence", "[api][duties][integration]") {
    DutyOffice office;
    const json wanted{
        {"item", "更換讀卡機"}, {"owner", "秘書室"}, {"source", "巡檢 115-11-23"}, {"due", "115-11-25"}
    };
    const Reply made = office.post(office.secretary, "/v1/follow-ups", wanted);
    REQUIRE(made.status == 201);
    const std::string address = made.header("location");
    CHECK(office.read(address)["due"] == "2026-11-25");
    CHECK(office.read(address)["is_overdue"] == false);
    office.set("2026-11-26");
    CHECK(office.read("/v1/follow-ups?state=open")["items"][0]["is_overdue"] == true);
    CHECK(
        OfficeStage::refusal_of(office.post(office.secretary, address + "/close", json::object())) ==
        "422 MEMBER_MISSING evidence"
    );
    CHECK(office.post(office.secretary, address + "/close", {{"evidence", "驗收單"}}).status == 200);
    CHECK(
        OfficeStage::code_of(office.post(office.secretary, address + "/close", {{"evidence", "驗收單"}})) ==
        "FOLLOW_UP_CLOSED"
    );
    CHECK(office.read(address)["closed"]["evidence"] == "驗收單");
    CHECK(office.read("/v1/follow-ups?state=open")["items"].empty());
    CHECK(office.post(office.auditor, "/v1/follow-ups", wanted).status == 403);
}

TEST_CASE(
    "the asset register keeps warranty, place and restricted brands, and a change sees what it changes",
    "[api][duties][integration]"
) {
    DutyOffice office;
    const json recorder{
        {"name", "監視主機"},
        {"maker", "Dahua"},
        {"location", "安污檔案室"},
        {"warranty_until", "2026-11-23"},
        {"is_restricted_brand", true},
        {"camera", "drive-left"}
    };
    const std::string address = "/v1/assets/3140101-03";
    CHECK(office.send(office.secretary, "PUT", address, recorder).status == 201);
    json asset = office.read(address);
    CHECK(asset["is_under_warranty"] == true);
    CHECK(asset["camera"] == "drive-left");
    office.set("2026-11-24");
    CHECK(office.read(address)["is_under_warranty"] == false);
    json moved = recorder;
    moved["location"] = "二樓機房";
    moved["is_retired"] = true;
    CHECK(office.send(office.secretary, "PUT", address, moved).status == 428);
    CHECK(office.send(office.secretary, "PUT", address, moved, {"If-Match: \"2\""}).status == 412);
    CHECK(office.send(office.secretary, "PUT", address, moved, {"If-Match: \"1\""}).status == 200);
    CHECK(office.read(address)["location"] == "二樓機房");
    CHECK(office.read(address)["retired"] != nullptr);
    json plain = recorder;
    plain["is_restricted_brand"] = false;
    plain.erase("camera");
    CHECK(office.send(office.secretary, "PUT", "/v1/assets/3140101-04", plain).status == 201);
    CHECK(office.read("/v1/assets?restricted=true")["items"].size() == 1);
    const json first = office.read("/v1/assets?limit=1");
    CHECK(first["items"][0]["property_number"] == "3140101-03");
    CHECK(
        office.read(
            "/v1/assets?limit=1&cursor=" + first["next"].get<std::string>()
        )["items"][0]["property_number"] == "3140101-04"
    );
    json brandless = recorder;
    brandless.erase("is_restricted_brand");
    CHECK(
        OfficeStage::refusal_of(office.send(office.secretary, "PUT", "/v1/assets/5", brandless)) ==
        "422 MEMBER_MISSING is_restricted_brand"
    );
    CHECK(office.status_as(office.secretary, "/v1/assets/none") == 404);
    const Reply ticket =
        office.post(office.secretary, "/v1/repairs", {{"title", "風扇"}, {"property_number", "3140101-04"}});
    CHECK(json::parse(ticket.body)["property_number"] == "3140101-04");
    CHECK(
        OfficeStage::refusal_of(
            office.post(office.secretary, "/v1/repairs", {{"title", "x"}, {"door", "none"}})
        ) == "422 DOOR_NOT_FOUND door"
    );
}

TEST_CASE(
    "while a duty period is in force incidents weigh more and every door has its mode",
    "[api][duties][integration]"
) {
    DutyOffice office;
    const UtcTime now = office.clock.now();
    const auto weight = [&] {
        return json::parse(
                   office.post(office.guard, "/v1/incidents", {{"kind", "door_held"}, {"cause", "側門"}}).body
        )["severity"]
            .get<std::string>();
    };
    CHECK(weight() == "low");
    json wanted{
        {"kind", "special"},
        {"name", "國慶"},
        {"reason", "特別勤務"},
        {"checklist", {"檢查後門", "測試對講機"}}
    };
    CHECK(
        OfficeStage::refusal_of(office.post(office.secretary, "/v1/duty-periods", wanted)) ==
        "422 MEMBER_MISSING to"
    );
    wanted["to"] = to_rfc3339(now + 48h);
    const Reply placed = office.post(office.secretary, "/v1/duty-periods", wanted);
    REQUIRE(placed.status == 201);
    const std::string address = placed.header("location");
    CHECK(weight() == "medium");
    CHECK(office.read("/v1/duty-periods?state=active")["items"].size() == 1);
    const auto modes = [&] {
        return office.database.query(
            "SELECT string_agg(mode || ' ' || (ended_at IS NULL), ',' ORDER BY placed_at) FROM door_overrides"
        );
    };
    CHECK(modes() == "duty_period true");
    CHECK(office.post(office.secretary, address + "/checklist/2", {{"note", "正常"}}).status == 200);
    CHECK(
        OfficeStage::code_of(office.post(office.secretary, address + "/checklist/2", {{"note", "正常"}})) ==
        "ITEM_DONE"
    );
    CHECK(office.post(office.secretary, address + "/checklist/3", {{"note", "正常"}}).status == 404);
    CHECK(office.read(address)["checklist"][1]["done"]["by"] == "王秘書");

    const json hold{
        {"kind", "duty_period"},
        {"owner", office.read(address)["id"]},
        {"camera", "drive-left"},
        {"from", to_rfc3339(now)},
        {"to", to_rfc3339(now + 48h)},
        {"reason", "特別勤務"}
    };
    CHECK(office.post(office.secretary, "/v1/holds", hold).status == 201);

    office.clock.move(1h);
    CHECK(office.post(office.secretary, address + "/end", {{"reason", "提前結束"}}).status == 200);
    CHECK(modes() == "duty_period false");
    CHECK(weight() == "low");
    CHECK(
        OfficeStage::code_of(office.post(office.secretary, address + "/end", {{"reason", "x"}})) ==
        "DUTY_PERIOD_OVER"
    );
    CHECK(office.post(office.secretary, "/v1/holds", hold).status == 422);
}

TEST_CASE("an emergency is open until somebody ends it", "[api][duties][integration]") {
    DutyOffice office;
    const Reply placed = office.post(
        office.secretary, "/v1/duty-periods", {{"kind", "eoc"}, {"name", "應變中心"}, {"reason", "颱風"}}
    );
    REQUIRE(placed.status == 201);
    const std::string address = placed.header("location");
    CHECK(office.database.query("SELECT mode FROM door_overrides") == "eoc");
    office.clock.move(240h);
    CHECK(office.read(address)["state"] == "active");
    CHECK(office.post(office.guard, address + "/end", {{"reason", "x"}}).status == 403);
    CHECK(office.post(office.secretary, address + "/end", {{"reason", "撤除"}}).status == 200);
    CHECK(office.read(address)["state"] == "over");
}

}  // namespace
}  // namespace sluice::test
