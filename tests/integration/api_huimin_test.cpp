// The contractor's routes: what its machine may say and see, what the house decides, and uploads that go on.
#include "storage/contractor/import.hpp"
#include "tests/integration/account_stage.hpp"

#include <filesystem>
#include <fstream>

namespace sluice::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kBase = "/v1/integrations/huimin";

class Contractor : public AccountStage {
public:
    Contractor() {
        machine_id = make_machine("huimin");
        machine = token_of(machine_id);
        secretary = token_of(create("王秘書", {"secretariat"}));
        admin = token_of(create("管理員", {"admin"}));
    }
    Uuid make_machine(const std::string& name) {
        const Uuid id = make_uuid_v7(kStageStart);
        database.execute(
            "INSERT INTO principals (id, kind, name, roles, valid_from) VALUES ('" + to_string(id) +
            "', 'machine', '" + name +
            "', '{contractor}', '2026-01-01'); INSERT INTO accounts (id, name_key, acknowledged_document, "
            "acknowledged_on, created_at) VALUES ('" +
            to_string(id) + "', '" + name + "', '介接 1', '2026-01-01', '2026-01-01')"
        );
        return id;
    }
    [[nodiscard]] Reply send(
        const std::string& method,
        const std::string& target,
        const std::string& who,
        const json& body = json()
    ) {
        return fetch(port(), method, kBase + target, {who}, body.is_null() ? std::string{} : body.dump());
    }
    [[nodiscard]] Reply part(const std::string& id, std::string_view bytes, const std::string& range) {
        return fetch(
            port(),
            "PUT",
            std::string{kBase} + "/clips/" + id,
            {machine, "Content-Type: application/octet-stream", "Content-Range: " + range},
            std::string{bytes}
        );
    }
    [[nodiscard]] static json camera() {
        return {{"name", "中庭"}, {"place", "戶外"}, {"covers_public_area", true}};
    }
    [[nodiscard]] json manifest(const std::string& content) const {
        return {
            {"camera", "yard"},
            {"name", "ch1.mp4"},
            {"bytes", content.size()},
            {"sha256", to_hex(sha256(as_bytes(content)))},
            {"from", to_rfc3339(clock.now() - std::chrono::minutes{10})},
            {"to", to_rfc3339(clock.now() - std::chrono::minutes{5})},
            {"clock_offset_ms", 250},
        };
    }
    void put_in_force(const std::string& slug) {
        REQUIRE(send("PUT", "/cameras/" + slug, machine, camera()).status == 201);
        REQUIRE(send("POST", "/cameras/" + slug + "/accept", admin, json::object()).status == 202);
    }
    [[nodiscard]] std::string acts(const std::string& like) const {
        return database.query(
            "SELECT coalesce(string_agg(action, ' ' ORDER BY filed_at), '') FROM ledger_records WHERE action "
            "LIKE '" +
            like + "'"
        );
    }

    Uuid machine_id;
    std::string machine;
    std::string secretary;
    std::string admin;
};

}  // namespace

TEST_CASE(
    "art. 5: cameras are announced, decided, and seen by whom they concern",
    "[api][huimin][integration]"
) {
    Contractor stage;
    json office = Contractor::camera();
    office["covers_public_area"] = false;
    const Reply refused = stage.send("PUT", "/cameras/office", stage.machine, office);
    CHECK(refused.status == 403);
    CHECK(Contractor::code_of(refused) == "ART5_NOT_PUBLIC_AREA");
    CHECK(json::parse(refused.body)["article"] == "5");
    CHECK(
        Contractor::code_of(stage.send("PUT", "/cameras/drive-left", stage.machine, Contractor::camera())) ==
        "SLUG_TAKEN"
    );

    json gate = Contractor::camera();
    gate["url"] = "rtsp://viewer:geheim@192.0.2.31:554/stream1";
    const Reply made = stage.send("PUT", "/cameras/gate", stage.machine, gate);
    REQUIRE(made.status == 201);
    CHECK(json::parse(made.body)["url"] == "rtsp://192.0.2.31:554/stream1");
    CHECK(json::parse(made.body)["state"] == "proposed");
    // Where the password went: one table, and neither an answer nor a record.
    CHECK(stage.database.query("SELECT password FROM contractor_secrets") == "geheim");
    CHECK(stage.database.query("SELECT count(*) FROM ledger_records WHERE record LIKE '%geheim%'") == "0");
    CHECK(stage.send("GET", "/cameras", stage.secretary).body.find("geheim") == std::string::npos);
    CHECK(stage.database.query("SELECT count(*) FROM notices WHERE kind = 'contractor_camera'") == "1");
    // The same without credentials changes nothing.
    gate["url"] = "rtsp://192.0.2.31:554/stream1";
    CHECK(stage.send("PUT", "/cameras/gate", stage.machine, gate).status == 200);
    CHECK(stage.acts("contractor_camera.%") == "contractor_camera.announced");

    CHECK(
        Contractor::code_of(stage.send("POST", "/cameras/gate/accept", stage.admin, json::object())) ==
        "HOST_NOT_ALLOWED"
    );
    CHECK(stage.send("POST", "/cameras/gate/accept", stage.machine, json::object()).status == 403);
    stage.put_in_force("yard");
    CHECK(stage.database.query("SELECT kind FROM jobs") == "configure");
    CHECK(stage.send("POST", "/cameras/gate/refuse", stage.secretary, {{"reason", "室內"}}).status == 202);
    const json listed = json::parse(stage.send("GET", "/cameras", stage.machine).body)["items"];
    REQUIRE(listed.size() == 2);
    CHECK(listed[0]["reason"] == "室內");
    CHECK(listed[1]["in_force"]["name"] == "中庭");
    // A change is a proposal beside what is in force.
    json moved = Contractor::camera();
    moved["place"] = "後院";
    const json changed = json::parse(stage.send("PUT", "/cameras/yard", stage.machine, moved).body);
    CHECK(changed["state"] == "proposed");
    CHECK(changed["in_force"]["place"] == "戶外");

    // Another company's machine sees nothing of it.
    const std::string other = stage.token_of(stage.make_machine("other"));
    CHECK(json::parse(stage.send("GET", "/cameras", other).body)["items"].empty());
    CHECK(stage.send("GET", "/cameras/yard", other).status == 404);
    CHECK(stage.send("GET", "/cameras/yard", stage.machine).status == 200);
    CHECK(
        Contractor::code_of(stage.send("PUT", "/cameras/yard", other, Contractor::camera())) == "SLUG_TAKEN"
    );
}

TEST_CASE("heartbeats, slots and findings", "[api][huimin][integration]") {
    Contractor stage;
    stage.put_in_force("yard");
    const json beat{
        {"at", to_rfc3339(stage.clock.now() + std::chrono::seconds{3})},
        {"software", "NVR 4.2"},
        {"cameras",
         {{{"slug", "yard"}, {"health", "down"}, {"detail", "斷線"}}, {{"slug", "nobody"}, {"health", "ok"}}}
        },
    };
    const Reply heard = stage.send("POST", "/heartbeat", stage.machine, beat);
    REQUIRE(heard.status == 200);
    CHECK(json::parse(heard.body)["clock_offset_ms"] == 3000);
    CHECK(json::parse(heard.body)["unknown_cameras"] == json{"nobody"});
    CHECK(stage.send("POST", "/heartbeat", stage.secretary, beat).status == 403);
    for (const json& bad :
         {json{{"at", "now"}}, json{{"at", "2026-01-01T00:00:00Z"}, {"cameras", {{{"health", "good"}}}}}})
        CHECK(stage.send("POST", "/heartbeat", stage.machine, bad).status == 400);

    REQUIRE(
        stage.send("PUT", "/slots/6", stage.secretary, {{"state", "to_verify"}, {"note", "圖上有"}}).status ==
        200
    );
    CHECK(stage.send("PUT", "/slots/0", stage.secretary, {{"state", "absent"}}).status == 422);
    CHECK(stage.send("PUT", "/slots/7", stage.machine, {{"state", "absent"}}).status == 403);
    CHECK(json::parse(stage.send("GET", "/slots", stage.admin).body)["items"].size() == 1);
    const json open = json::parse(stage.send("GET", "/findings", stage.secretary).body)["items"];
    REQUIRE(open.size() == 2);
    CHECK(open[0]["kind"] == "slot_to_verify");
    CHECK(open[1]["kind"] == "camera_unwell");
    CHECK(stage.send("GET", "/findings", stage.machine).status == 403);
    stage.clock.move(std::chrono::hours{25});
    CHECK(json::parse(stage.send("GET", "/findings", stage.secretary).body)["items"].size() == 4);
}

TEST_CASE(
    "a clip comes in parts, each durable when it is acknowledged, and goes on after any break",
    "[api][huimin][integration]"
) {
    Contractor stage;
    const std::string content(200'000, 'v');
    const std::string_view all{content};
    REQUIRE(stage.send("PUT", "/cameras/yard", stage.machine, Contractor::camera()).status == 201);
    CHECK(
        Contractor::code_of(stage.send("PUT", "/clips/c1", stage.machine, stage.manifest(content))) ==
        "CAMERA_NOT_ACCEPTED"
    );
    REQUIRE(stage.send("POST", "/cameras/yard/accept", stage.admin, json::object()).status == 202);
    CHECK(Contractor::code_of(stage.part("c1", all.substr(0, 10), "bytes 0-9/200000")) == "CLIP_NOT_FOUND");
    const Reply made = stage.send("PUT", "/clips/c1", stage.machine, stage.manifest(content));
    REQUIRE(made.status == 201);
    CHECK(made.header("upload-offset") == "0");
    CHECK(made.header("upload-length") == "200000");
    CHECK(stage.send("PUT", "/clips/c1", stage.machine, stage.manifest(content)).status == 200);
    CHECK(
        Contractor::code_of(stage.send("PUT", "/clips/c1", stage.machine, stage.manifest(content + "x"))) ==
        "CLIP_DIFFERS"
    );
    CHECK(
        Contractor::code_of(stage.send("PUT", "/clips/c2", stage.machine, stage.manifest(content))) ==
        "CLIP_ALREADY_RECEIVED"
    );

    CHECK(stage.part("c1", all.substr(0, 90'000), "bytes 0-89999/200000").status == 200);
    // A crash left bytes behind what was acknowledged: the next part takes their place.
    const auto clip = catalogue::find_contractor_clip(stage.api, stage.machine_id, "c1").value().value();
    const fs::path file = contractor::spool_path(stage.data.path(), clip.id);
    std::ofstream{file, std::ios::app} << "left by a crash";
    const Reply head = stage.send("HEAD", "/clips/c1", stage.machine);
    CHECK(head.header("upload-offset") == "90000");
    for (const char* wrong : {"bytes 0-89999/200000", "bytes 100000-189999/200000"}) {
        const Reply reply = stage.part("c1", all.substr(0, 90'000), wrong);
        CHECK(Contractor::code_of(reply) == "OFFSET_MISMATCH");
        CHECK(json::parse(reply.body)["upload_offset"] == 90'000);
    }
    CHECK(
        Contractor::code_of(stage.part("c1", all.substr(0, 10), "bytes 90000-90009/200001")) == "CLIP_DIFFERS"
    );
    CHECK(stage.part("c1", all.substr(0, 10), "bytes 90000-90010/200000").status == 400);
    CHECK(stage.part("c1", all.substr(0, 10), "bytes 90000-90009/*").status == 400);
    const Reply last = stage.part("c1", all.substr(90'000), "bytes 90000-199999/200000");
    REQUIRE(last.status == 202);
    CHECK(json::parse(last.body)["state"] == "received");
    std::ifstream written{file, std::ios::binary};
    CHECK(std::string{std::istreambuf_iterator<char>{written}, {}} == content);
    CHECK(Contractor::code_of(stage.part("c1", all.substr(0, 10), "bytes 0-9/200000")) == "CLIP_COMPLETE");
    CHECK(stage.acts("clip.%") == "clip.received");
    CHECK(
        stage.database.query("SELECT arguments->>'clip' FROM jobs WHERE kind = 'import'") ==
        to_string(clip.id)
    );

    // Its own by its id; the house by the clip's.
    CHECK(json::parse(stage.send("GET", "/clips", stage.machine).body)["items"].size() == 1);
    CHECK(json::parse(stage.send("GET", "/clips?state=received", stage.secretary).body)["items"].size() == 1);
    CHECK(stage.send("GET", "/clips/" + to_string(clip.id), stage.secretary).status == 200);
    CHECK(stage.send("GET", "/clips/c1", stage.secretary).status == 404);
    CHECK(stage.send("GET", "/clips/c1", stage.token_of(stage.make_machine("other"))).status == 404);
}

TEST_CASE(
    "manifests that make no sense are refused by name, and the spool is bounded",
    "[api][huimin][integration]"
) {
    Contractor stage;
    stage.put_in_force("yard");
    const auto code = [&](const char* member, const json& value) {
        json body = stage.manifest("content");
        if (value.is_discarded())
            body.erase(member);
        else
            body[member] = value;
        return Contractor::code_of(stage.send("PUT", "/clips/c1", stage.machine, body));
    };
    CHECK(code("sha256", "abc") == "INVALID_MEMBER");
    CHECK(code("bytes", 0) == "NUMBER_OUT_OF_RANGE");
    CHECK(code("bytes", 1.5) == "INVALID_MEMBER");
    CHECK(code("clock_offset_ms", json(json::value_t::discarded)) == "MEMBER_MISSING");
    CHECK(code("camera", "nobody") == "CAMERA_NOT_FOUND");
    CHECK(code("to", to_rfc3339(stage.clock.now() + std::chrono::hours{1})) == "CLIP_IN_FUTURE");
    CHECK(code("from", to_rfc3339(stage.clock.now() - std::chrono::days{400})) == "CLIP_LENGTH");
    CHECK(code("to", to_rfc3339(stage.clock.now() - std::chrono::hours{1})) == "INTERVAL_REVERSED");
    CHECK(code("extra", 1) == "UNKNOWN_MEMBER");
    CHECK(code("bytes", std::int64_t{5} << 30U) == "CLIP_TOO_LARGE");
    for (int i = 0; i < 5; ++i) {
        json body = stage.manifest("content");
        body["bytes"] = std::int64_t{4} << 30U;
        body["sha256"] = std::string(63, '0') + std::to_string(i);
        CHECK(stage.send("PUT", "/clips/big" + std::to_string(i), stage.machine, body).status == 201);
    }
    const Reply full = stage.send("PUT", "/clips/c1", stage.machine, stage.manifest("content"));
    CHECK(full.status == 507);
    CHECK_FALSE(full.header("retry-after").empty());
    CHECK(stage.send("PUT", "/clips/.x", stage.machine, stage.manifest("content")).status == 422);
}

}  // namespace sluice::test
