// Retention over HTTP: purges as jobs, certificates, and what destroyed footage is answered with.
#include "storage/retention/run.hpp"
#include "tests/integration/api_stage.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct RetentionStage : ApiStage {
    RetentionStage() {
        StageRun run{*this, media(), 0};
        run.record(100);
        run.record(100);
        run.end(GapCause::shutdown);
        fs::create_directories(folder.path() / "journal");
        std::ofstream{folder.path() / "sluice-volume.json"} << json{
            {"format", 1},
            {"volume_id", to_string(volume)},
            {"installation_id", to_string(installation)},
            {"created", to_rfc3339(kStageStart)}
        }.dump();
        start();
        operator_role = authorization("operator");
    }
    static const Media& media() {
        static const Media kMedia = make_media({});
        return kMedia;
    }
    Reply post(const std::string& target, const std::string& body = {}) {
        return fetch(port(), "POST", target, {operator_role}, body);
    }
    Reply look(const std::string& target) { return fetch(port(), "GET", target, {operator_role}); }
    /// As the worker would, 31 days later.
    retention::PurgeReport purge() {
        const StoppedClock later{kStageStart + std::chrono::days{31}};
        const retention::Site site{
            .pool = worker,
            .files = files,
            .clock = later,
            .installation_id = installation,
            .volumes = {{volume, installation, folder.path()}},
            .recorder_status = data.path() / "none",
            .wait_signed = [](const Uuid&) { return Status{}; }
        };
        auto report = retention::run_purge(
            site,
            {.consent = {.plan = true, .clock = false}, .principal = "cron"},
            [](const retention::PurgeProgress&) { return true; }
        );
        if (!report) FAIL(report.error().describe());
        REQUIRE(report->refusals.empty());
        REQUIRE(report->run);
        return std::move(*report);
    }

    std::string operator_role;
    catalogue::Pool worker{database.conninfo("sluice_worker"), 2};
};

}  // namespace

TEST_CASE(
    "destroyed footage is 410 with its certificate, and coverage tells it from a gap",
    "[api][retention]"
) {
    RetentionStage stage;
    REQUIRE(stage.get(clip_target(0, 8)).status == 200);
    const std::string run = to_string(stage.purge().run->id);
    for (const std::string& target :
         {clip_target(0, 8),
          "/v1/cameras/drive-left/hls/index.m3u8" + interval(0, 8),
          "/v1/cameras/drive-left/snapshot.jpg?at=" + to_rfc3339(at_second(3))}) {
        INFO(target);
        const Reply gone = stage.get(target);
        CHECK(gone.status == 410);
        const json problem = json::parse(gone.body);
        CHECK(problem["code"] == "NOT_HELD_DESTROYED");
        CHECK(problem["certificate"] == run);
        CHECK(problem["destroyed"][0]["rule"] == "RET_WINDOW");
    }
    CHECK(stage.get(clip_target(100, 108)).status == 404);  // never recorded
    for (const std::string& target :
         {"/v1/cameras/drive-left/coverage" + interval(-10, 10), "/v1/coverage" + interval(-10, 10)}) {
        INFO(target);
        json coverage = json::parse(stage.get(target).body);
        if (coverage.contains("items")) coverage = coverage["items"][0];
        CHECK(coverage["covered"].empty());
        CHECK(coverage["gaps"].empty());
        REQUIRE(coverage["destroyed"].size() == 1);
        CHECK(coverage["destroyed"][0]["from"] == to_rfc3339(at_second(0)));
        CHECK(coverage["destroyed"][0]["certificate"] == run);
    }
}

TEST_CASE("a clip whose beginning was destroyed says so, and by which certificate", "[api][retention]") {
    RetentionStage stage;
    const json hold{
        {"camera", "drive-left"},
        {"from", to_rfc3339(at_second(5))},
        {"to", to_rfc3339(at_second(6))},
        {"reason", "somebody asked for it"},
    };
    const Reply placed = stage.post("/v1/holds", hold.dump());
    REQUIRE(placed.status == 201);
    CHECK(stage.get(clip_target(0, 8)).header("sluice-destroyed").empty());
    const std::string run = to_string(stage.purge().run->id);
    const Reply rest = stage.get(clip_target(0, 8));
    REQUIRE(rest.status == 200);
    CHECK(
        rest.header("sluice-destroyed") == "ret_window;from=\"" + to_rfc3339(at_second(0)) + "\";to=\"" +
                                               to_rfc3339(at_second(4)) + "\";certificate=\"" + run + "\""
    );
    CHECK(stage.get(clip_target(4, 8)).header("sluice-destroyed").empty());
}

TEST_CASE("a purge is filed as a job, seen in the list, and proved by its certificate", "[api][retention]") {
    RetentionStage stage;
    const Reply filed = stage.post("/v1/retention/purge-runs?dry_run=true");
    REQUIRE(filed.status == 201);
    CHECK(json::parse(filed.body)["kind"] == "purge");
    CHECK(json::parse(filed.body)["arguments"] == json{{"dry_run", true}});
    CHECK(filed.header("location") == "/v1/jobs/" + json::parse(filed.body)["id"].get<std::string>());
    CHECK(stage.post("/v1/retention/purge-runs?dry_run=true").status == 409);
    CHECK(stage.post("/v1/retention/purge-runs?confirm=true").status == 201);
    CHECK(stage.post("/v1/retention/purge-runs?confirm=yes").status == 400);
    CHECK(stage.ask("POST", "/v1/retention/purge-runs").status == 403);
    CHECK(stage.get("/v1/retention/purge-runs").status == 403);

    CHECK(json::parse(stage.look("/v1/retention/purge-runs").body)["items"].empty());
    const auto report = stage.purge();
    const std::string id = to_string(report.run->id);
    const json list = json::parse(stage.look("/v1/retention/purge-runs?limit=1").body);
    REQUIRE(list["items"].size() == 1);
    CHECK(list["next"].is_null());
    const json run = json::parse(stage.look("/v1/retention/purge-runs/" + id).body);
    CHECK(run == list["items"][0]);
    CHECK(run["state"] == "certified");
    CHECK(run["destroyed_segments"] == 2);
    const Reply certificate = stage.look("/v1/retention/certificates/" + id);
    REQUIRE(certificate.status == 200);
    CHECK(json::parse(certificate.body)["footage"][0]["camera"] == "drive-left");
    // Byte for byte what the audit log has the hash of, but for the line end.
    std::string body = certificate.body;
    if (body.ends_with('\n')) body.pop_back();
    CHECK(
        to_hex(sha256(as_bytes(body))) ==
        stage.database.query("SELECT record::jsonb #>> '{facts,certificate_sha256}' FROM ledger_records "
                             "WHERE action = 'purge.certified'")
    );
    for (const char* target :
         {"/v1/retention/purge-runs/nobody", "/v1/retention/certificates/019ab0c1-7e2a-7000-8000-000000000011"
         })
        CHECK(stage.look(target).status == 404);
}

TEST_CASE("planner, forecast and report answer over HTTP", "[api][retention]") {
    RetentionStage stage;
    CHECK(
        json::parse(stage.look("/v1/retention/plan?cameras=16&days=30&rate=2000000").body)["bytes"] ==
        10'368'000'000'000
    );
    CHECK(
        json::parse(stage.look("/v1/retention/plan?cameras=16&days=30&bytes=4000000000000").body
        )["bits_per_second"] == 771'604
    );
    CHECK(stage.look("/v1/retention/plan?cameras=16&days=30").status == 422);
    CHECK(stage.look("/v1/retention/plan?cameras=16&days=30&rate=1&bytes=1").status == 422);
    CHECK(stage.look("/v1/retention/plan?cameras=16&days=18446744073709551615&rate=2").status == 422);
    for (const char* wrong :
         {"cameras=0&days=30&rate=1",
          "cameras=1.5&days=30&rate=1",
          "days=30&rate=1",
          "cameras=1&rate=1",
          "cameras=-1&days=1&rate=1"})
        CHECK(stage.look(std::string{"/v1/retention/plan?"} + wrong).status == 400);
    CHECK(json::parse(stage.look("/v1/retention/forecast").body)["items"].empty());
    const json report = json::parse(stage.look("/v1/retention/coverage-report").body);
    REQUIRE(report["items"].size() == 1);
    CHECK(report["items"][0]["kept_seconds"] == 8.0);
    CHECK(report["items"][0]["unexplained_seconds"].get<double>() > 3000);
}
