// What the worksheet is filled in by: what footage there is, and to which frames the asked times resolve.
#include "tests/integration/bureau.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;

json range(double from, double to) {
    return {{"from", to_rfc3339(at_second(from))}, {"to", to_rfc3339(at_second(to))}};
}

/// Of the camera's main stream: 10 s before the asked time, destroyed under this certificate.
void destroy(Bureau& bureau, const std::string& certificate, double from, double to) {
    const std::string stream =
        "(SELECT t.id FROM streams t JOIN cameras c ON c.id = t.camera_id WHERE c.slug = 'drive-left' AND "
        "t.kind = 'main')";
    bureau.database.execute(
        "INSERT INTO purge_runs (id, kind, state, principal, policy_version, planned_at, started_at, "
        "ended_at, planned_segments, planned_bytes) VALUES ('" +
        certificate +
        "', 'rules', 'certified', 'test', 1, now(), now(), now(), 1, 1);"
        "INSERT INTO purge_certificates (id, issued_at, body) VALUES ('" +
        certificate +
        "', now(), '{}');"
        "INSERT INTO destroyed (stream_id, run_id, rule, from_at, to_at) VALUES (" +
        stream + ", '" + certificate + "', 'RET_WINDOW', '" + to_rfc3339(at_second(from)) + "', '" +
        to_rfc3339(at_second(to)) + "')"
    );
}

TEST_CASE(
    "screening shows the resolved times beside the asked ones, what is covered, missing and destroyed",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.save_gap(25, 60, GapCause::camera_unreachable);
    const std::string certificate = to_string(make_uuid_v7(bureau.clock.now()));
    destroy(bureau, certificate, 60, 70);
    bureau.draft("王秘書", Bureau::external());
    bureau.bring_to_screening();
    const Reply read = bureau.read("王秘書", bureau.request + "/screening");
    INFO(read.body);
    REQUIRE(read.status == 200);
    CHECK(read.header("cache-control") == "no-store");
    const json cameras = json::parse(read.body)["cameras"];
    REQUIRE(cameras.size() == 1);
    const json& camera = cameras[0];
    CHECK(camera["camera"] == "drive-left");
    CHECK(camera["asked"] == range(20, 80));
    CHECK(camera["unresolved"].is_null());
    CHECK(camera["covered"] == json::array({range(20, 25)}));
    REQUIRE(camera["gaps"].size() == 1);
    CHECK(camera["gaps"][0]["cause"] == "camera_unreachable");
    CHECK(camera["gaps"][0]["to"] == to_rfc3339(at_second(60)));
    REQUIRE(camera["destroyed"].size() == 1);
    CHECK(camera["destroyed"][0]["certificate"] == certificate);
    CHECK(camera["destroyed"][0]["rule"] == "RET_WINDOW");
    // As the decision will resolve it.
    bureau.bring_on_to_decision();
    REQUIRE(bureau.step("局長", "grant", {{"reasons", "合於規定"}}) == "granted");
    const json item = bureau.body()["grant"]["items"][0];
    CHECK(camera["inward"] == json::array({{{"from", item["from"]}, {"to", item["to"]}}}));
    REQUIRE(camera["outward"].size() == 1);
    CHECK(camera["outward"][0]["from"] <= camera["inward"][0]["from"]);

    json dossier = json::parse(bureau.read("局長", "/v1/dossiers/115-000001").body)["screening"];
    CHECK(dossier["cameras"] == cameras);
    const Reply archive = bureau.read("王秘書", "/v1/dossiers/115-000001/export.zip");
    REQUIRE(archive.status == 200);
    CHECK(archive.body.find("screening.json") != std::string::npos);
    CHECK(bureau.read("稽核", bureau.request + "/screening").status == 200);
    CHECK(bureau.read("小李", bureau.request + "/screening").status == 403);
    CHECK(bureau.read("科長", bureau.request + "/screening").status == 404);  // of another unit
}

TEST_CASE(
    "footage that is still to come is not resolved, and the applicant is not shown the worksheet's facts",
    "[api][request][integration]"
) {
    Bureau bureau;
    bureau.draft(
        "小陳",
        {{"channel", "internal"},
         {"kind", "view"},
         {"cameras", {"drive-left"}},
         {"from", "2026-11-18T11:07:00Z"},
         {"to", "2026-11-18T23:07:00Z"}}
    );
    const json camera = json::parse(bureau.read("王秘書", bureau.request + "/screening").body)["cameras"][0];
    INFO(camera.dump());
    CHECK(camera["unresolved"] == "NOT_YET_DURABLE");
    CHECK(camera["inward"].empty());
    CHECK_FALSE(camera["covered"].empty());
    const Reply refused = bureau.read("小陳", bureau.request + "/screening");
    CHECK(refused.status == 403);
}

TEST_CASE("nobody fills in the worksheet of what he has asked for", "[api][request][integration]") {
    Bureau bureau;
    json form = Bureau::external();
    form.erase("applicant");
    form["channel"] = "internal";
    form["purpose"] = "personal_rights";
    bureau.draft("王秘書", form);
    REQUIRE(bureau.step("王秘書", "submit") == "submitted");
    for (const char* signer : {"王秘書", "林主任", "一層"})
        REQUIRE(bureau.step(signer, "sign") == "submitted");
    REQUIRE(bureau.step("張陪同", "accept") == "accepted");
    REQUIRE(bureau.step("王秘書", "screen") == "SOD_SELF_APPROVAL");
    REQUIRE(bureau.step("張陪同", "screen") == "screening");
    const json grounds{{"grounds", json::array({{{"ground", "third_party"}, {"answer", "no"}}})}};
    const auto answer = [&](const char* who) {
        bureau.last = bureau.send(who, "PUT", bureau.request + "/screening", grounds);
        return bureau.last.status;
    };
    CHECK(answer("王秘書") == 403);
    CHECK(bureau.body()["code"] == "SOD_SELF_APPROVAL");
    CHECK(answer("張陪同") == 200);
}

}  // namespace
}  // namespace sluice::test
