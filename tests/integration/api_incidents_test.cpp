#include "tests/integration/office_stage.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;

struct Case {
    OfficeStage& office;
    Reply last;

    [[nodiscard]] json body() const { return json::parse(last.body); }
    [[nodiscard]] std::string path() const { return "/v1/incidents/" + body()["id"].get<std::string>(); }
    /// A step with the incident's ETag; the reply of a refusal leaves the incident as it was.
    Reply step(const std::string& who, const json& wanted) {
        Reply reply = office.post(who, path() + "/steps", wanted, {OfficeStage::match(last)});
        if (reply.status == 200) last = reply;
        return reply;
    }
};

Case raise(OfficeStage& office, const json& wanted) {
    Case made{.office = office, .last = office.post(office.guard, "/v1/incidents", wanted)};
    REQUIRE(made.last.status == 201);
    return made;
}

TEST_CASE(
    "an incident goes over HTTP from whoever saw it to the head who closes it",
    "[api][incidents][integration]"
) {
    OfficeStage office;
    Case power = raise(office, {{"kind", "power"}, {"cause", "市電中斷"}, {"subject", {{"floor", 1}}}});
    CHECK(power.last.header("location") == power.path());
    CHECK(power.body()["state"] == "detected");
    CHECK(power.body()["by"] == "警衛");
    CHECK(power.body()["subject"]["floor"] == 1);
    CHECK(
        power.step(office.secretary, {{"action", "triage"}, {"finding", "僅一樓"}, {"severity", "high"}})
            .status == 200
    );
    CHECK(power.body()["severity"] == "high");
    const json report{
        {"action", "report"}, {"finding", "電話通報"}, {"recipient", "台電"}, {"reference", "115-31"}
    };
    CHECK(power.step(office.secretary, report).status == 200);
    CHECK(power.step(office.secretary, {{"action", "contain"}, {"finding", "切換發電機"}}).status == 200);
    CHECK(power.step(office.head, {{"action", "remediate"}, {"finding", "復電"}}).status == 200);
    CHECK(
        OfficeStage::code_of(power.step(office.head, {{"action", "close"}, {"finding", "檢討完成"}})) ==
        "SOD_SELF_APPROVAL"
    );
    CHECK(
        OfficeStage::code_of(power.step(office.colleague, {{"action", "close"}, {"finding", "x"}})) ==
        "ROLE_NOT_ALLOWED"
    );
    const std::string director = office.person("局長", {"director"});
    CHECK(power.step(director, {{"action", "close"}, {"finding", "檢討完成"}}).status == 200);
    CHECK(power.body()["state"] == "closed");
    CHECK(power.body()["due"] == nullptr);
    CHECK(power.body()["steps"].size() == 5);
    CHECK(power.body()["steps"][1]["facts"]["recipient"] == "台電");
    CHECK(
        OfficeStage::code_of(power.step(director, {{"action", "triage"}, {"finding", "x"}})) ==
        "INCIDENT_STATE"
    );
    CHECK(
        office.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                              "action LIKE 'incident.%'") ==
        "incident.raised incident.step_taken incident.step_taken incident.step_taken incident.step_taken "
        "incident.step_taken"
    );
}

TEST_CASE(
    "a security incident has an hour to be reported, and the list says when it is late",
    "[api][incidents][integration]"
) {
    OfficeStage office;
    Case leak = raise(office, {{"kind", "leak"}, {"cause", "外流影片"}});
    const std::string due = to_rfc3339(office.clock.now() + std::chrono::hours{1});
    CHECK(leak.body()["due"] == due);
    CHECK(leak.body()["is_security"] == true);
    CHECK(leak.body()["is_overdue"] == false);
    office.clock.move(std::chrono::hours{1});
    const json page = office.read_as(office.auditor, "/v1/incidents?state=open&kind=leak");
    REQUIRE(page["items"].size() == 1);
    CHECK(page["items"][0]["is_overdue"] == true);
    CHECK(page["next"] == nullptr);
    CHECK(
        OfficeStage::code_of(leak.step(office.secretary, {{"action", "dismiss"}, {"finding", "誤報"}})) ==
        "INCIDENT_NEEDS_HEAD"
    );
    CHECK(leak.step(office.head, {{"action", "mark_exercise"}, {"finding", "年度演練"}}).status == 200);
    CHECK(office.read("/v1/incidents?state=open")["items"].empty());
    CHECK(office.read("/v1/incidents")["items"][0]["state"] == "exercise");
}

TEST_CASE("what an incident lacks is told with the member that cures it", "[api][incidents][integration]") {
    OfficeStage office;
    Case held = raise(office, {{"kind", "door_held"}, {"cause", "側門未關"}});
    const auto refused = [&](const json& wanted) {
        return OfficeStage::refusal_of(held.step(office.secretary, wanted));
    };
    CHECK(refused({{"action", "triage"}}) == "422 INCIDENT_NO_FINDING finding");
    CHECK(refused({{"action", "fly"}}) == "400 INVALID_MEMBER action");
    CHECK(refused({{"finding", "x"}}) == "422 MEMBER_MISSING action");
    CHECK(refused({{"action", "triage"}, {"severity", "huge"}}) == "400 INVALID_MEMBER severity");
    CHECK(held.step(office.secretary, {{"action", "triage"}, {"finding", "x"}}).status == 200);
    CHECK(refused({{"action", "report"}, {"finding", "x"}}) == "422 INCIDENT_NO_RECIPIENT recipient");
    CHECK(office.post(office.secretary, held.path() + "/steps", {{"action", "report"}}).status == 428);
    CHECK(
        office.post(office.secretary, held.path() + "/steps", {{"action", "report"}}, {"If-Match: \"1\""})
            .status == 412
    );
    CHECK(office.post(office.secretary, "/v1/incidents/x/steps", {{"action", "report"}}).status == 404);
    const auto wrong = [&](const json& wanted) {
        return OfficeStage::refusal_of(office.post(office.secretary, "/v1/incidents", wanted));
    };
    CHECK(wrong({{"kind", "meteor"}, {"cause", "x"}}) == "400 INVALID_MEMBER kind");
    CHECK(wrong({{"cause", "x"}}) == "422 MEMBER_MISSING kind");
    CHECK(wrong({{"kind", "power"}}) == "422 MEMBER_MISSING cause");
    CHECK(wrong({{"kind", "power"}, {"cause", "x"}, {"subject", "x"}}) == "400 INVALID_MEMBER subject");
    CHECK(office.post(office.auditor, "/v1/incidents", {{"kind", "power"}, {"cause", "x"}}).status == 403);
    CHECK(office.post(office.guard, held.path() + "/notes", {{"text", "x"}}).status == 403);
    CHECK(office.status_as(office.guard, "/v1/incidents") == 403);
    CHECK(office.status_as(office.secretary, "/v1/incidents?kind=meteor") == 400);
    CHECK(office.status_as(office.secretary, "/v1/incidents?cursor=x") == 400);
}

TEST_CASE(
    "notes, links and pointers gather on an incident, the same one once",
    "[api][incidents][integration]"
) {
    OfficeStage office;
    Case damage = raise(office, {{"kind", "facility_damage"}, {"cause", "柵欄"}});
    CHECK(office.post(office.secretary, damage.path() + "/notes", {{"text", "通知廠商"}}).status == 201);
    const json link{{"kind", "event"}, {"target", "urn:controller:main 7"}};
    CHECK(office.post(office.secretary, damage.path() + "/links", link).status == 201);
    CHECK(office.post(office.secretary, damage.path() + "/links", link).status == 200);
    CHECK(
        office.post(office.secretary, damage.path() + "/links", {{"kind", "x"}, {"target", "y"}}).status ==
        400
    );
    const json footage{
        {"camera", "drive-left"},
        {"from", to_rfc3339(kStageStart)},
        {"to", to_rfc3339(kStageStart + std::chrono::minutes{5})}
    };
    CHECK(office.post(office.secretary, damage.path() + "/footage", footage).status == 201);
    CHECK(office.post(office.secretary, damage.path() + "/footage", footage).status == 200);
    json nowhere = footage;
    nowhere["camera"] = "nowhere";
    CHECK(
        OfficeStage::refusal_of(office.post(office.secretary, damage.path() + "/footage", nowhere)) ==
        "422 CAMERA_NOT_FOUND camera"
    );
    const json seen = office.read_as(office.auditor, damage.path());
    CHECK(seen["notes"].size() == 1);
    CHECK(seen["links"].size() == 1);
    CHECK(seen["footage"][0]["camera"] == "drive-left");
    CHECK(
        office
            .post(
                office.secretary, "/v1/incidents", {{"kind", "power"}, {"cause", "x"}}, {"Idempotency-Key: a"}
            )
            .status == 201
    );
    CHECK(
        office
            .post(
                office.secretary, "/v1/incidents", {{"kind", "power"}, {"cause", "x"}}, {"Idempotency-Key: a"}
            )
            .status == 200
    );
}

TEST_CASE(
    "an incident's hold keeps footage until the incident ends, and an open repair stands in its way",
    "[api][incidents][holds][integration]"
) {
    OfficeStage office;
    Case fault = raise(office, {{"kind", "camera_fault"}, {"cause", "無畫面"}});
    const std::string id = fault.body()["id"];
    json hold{
        {"kind", "incident"},
        {"camera", "drive-left"},
        {"from", to_rfc3339(kStageStart)},
        {"to", to_rfc3339(kStageStart + std::chrono::minutes{5})},
        {"reason", "事件"}
    };
    const auto place = [&] { return office.post(office.secretary, "/v1/holds", hold); };
    CHECK(OfficeStage::refusal_of(place()) == "422 HOLD_OWNER_MISSING owner");
    hold["owner"] = to_string(make_uuid_v7(kStageStart));
    CHECK(OfficeStage::refusal_of(place()) == "422 HOLD_OWNER_MISSING owner");
    hold["owner"] = "x";
    CHECK(place().status == 400);
    hold["owner"] = id;
    const Reply placed = place();
    REQUIRE(placed.status == 201);
    const json held = json::parse(placed.body);
    CHECK(held["owner"]["kind"] == "incident");
    CHECK(held["owner"]["id"] == id);
    CHECK(office.read(fault.path())["holds"] == json::array({held["id"]}));
    hold["kind"] = "flag";
    CHECK(OfficeStage::refusal_of(place()) == "422 MEMBER_UNUSED owner");

    const Reply ticket =
        office.post(office.secretary, "/v1/repairs", {{"title", "更換攝影機"}, {"camera", "drive-left"}});
    REQUIRE(ticket.status == 201);
    const std::string repair = json::parse(ticket.body)["id"];
    CHECK(office.read("/v1/repairs/" + repair)["camera"] == "drive-left");
    CHECK(
        office.post(
                  office.secretary, fault.path() + "/links", {{"kind", "repair"}, {"target", repair}}
        ).status == 201
    );
    for (const char* action : {"triage", "report", "contain"})
        CHECK(
            fault.step(office.secretary, {{"action", action}, {"finding", "x"}, {"recipient", "廠商"}})
                .status == 200
        );
    CHECK(
        OfficeStage::code_of(fault.step(office.secretary, {{"action", "remediate"}, {"finding", "x"}})) ==
        "INCIDENT_REPAIR_OPEN"
    );
    office.clock.move(std::chrono::hours{3});
    const Reply ended =
        office.post(office.secretary, "/v1/repairs/" + repair + "/end", {{"result", "已更換"}});
    CHECK(json::parse(ended.body)["seconds_to_repair"] == 3 * 3600);
    CHECK(fault.step(office.secretary, {{"action", "remediate"}, {"finding", "x"}}).status == 200);
    const std::string address = "/v1/holds/" + held["id"].get<std::string>();
    CHECK(office.read(address)["state"] == "active");
    CHECK(fault.step(office.head, {{"action", "close"}, {"finding", "完成"}}).status == 200);
    CHECK(office.read(address)["state"] == "expired");
    hold["kind"] = "incident";
    CHECK(OfficeStage::refusal_of(place()) == "422 HOLD_OWNER_MISSING owner");  // it owns nothing any more
}

}  // namespace
}  // namespace sluice::test
