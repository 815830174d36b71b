// Jobs over HTTP, with a worker's hands in between, and damaged clips as players see them.
#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/job_repository.hpp"
#include "tests/integration/api_stage.hpp"
#include "tests/support/eventually.hpp"

#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct JobStage : ApiStage {
    JobStage() {
        start();
        operator_role = authorization("operator");
    }
    Reply post(const std::string& target, std::vector<std::string> headers = {}) {
        headers.push_back(operator_role);
        return fetch(port(), "POST", target, headers);
    }
    Reply look(const std::string& target) { return fetch(port(), "GET", target, {operator_role}); }
    catalogue::JobRow claim() {
        const std::array kinds{catalogue::JobKind::check, catalogue::JobKind::scrub};
        auto claimed = catalogue::claim_job(worker, "w", kinds, 30s);
        REQUIRE(claimed);
        REQUIRE(*claimed);
        return **claimed;
    }
    std::string operator_role;
    catalogue::Pool worker{database.conninfo("sluice_worker"), 1};
};

}  // namespace

TEST_CASE("an operator starts, sees and cancels jobs; a viewer does neither", "[api][jobs]") {
    JobStage stage;
    const Reply started = stage.post("/v1/jobs?kind=check&depth=hashes&camera=drive-left");
    REQUIRE(started.status == 201);
    const json job = json::parse(started.body);
    const std::string address = "/v1/jobs/" + job["id"].get<std::string>();
    CHECK(started.header("location") == address);
    CHECK(job["state"] == "queued");
    CHECK(job["arguments"] == json{{"depth", "hashes"}, {"camera", "drive-left"}});
    CHECK(job["principal"] == "test operator");

    const Reply again = stage.post("/v1/jobs?kind=check&depth=hashes&camera=drive-left");
    CHECK(again.status == 409);
    CHECK(json::parse(again.body)["code"] == "JOB_EXISTS");
    CHECK(json::parse(again.body)["job"] == job["id"]);

    CHECK(stage.post("/v1/jobs?kind=scrub").status == 201);
    const json list = json::parse(stage.look("/v1/jobs?limit=1").body);
    REQUIRE(list["items"].size() == 1);
    CHECK(list["items"][0]["kind"] == "scrub");
    CHECK_FALSE(list["items"][0].contains("result"));
    const json rest = json::parse(stage.look("/v1/jobs?cursor=" + list["next"].get<std::string>()).body);
    REQUIRE(rest["items"].size() == 1);
    CHECK(rest["items"][0]["id"] == job["id"]);
    CHECK(rest["next"] == nullptr);

    // What runs is asked to end, what waits ends at once.
    const auto running = stage.claim();
    CHECK(stage.post("/v1/jobs/" + to_string(running.id) + "/cancel").status == 202);
    CHECK(json::parse(stage.look("/v1/jobs/" + to_string(running.id)).body)["cancel_asked"].is_string());
    REQUIRE(catalogue::release_job(
        stage.worker, running.id, "w", {.state = catalogue::JobState::done, .result = R"({"clean":true})"}
    ));
    const json done = json::parse(stage.look("/v1/jobs/" + to_string(running.id)).body);
    CHECK(done["result"]["clean"] == true);
    CHECK(stage.post("/v1/jobs/" + to_string(running.id) + "/cancel").status == 409);

    for (const char* target : {"/v1/jobs", "/v1/jobs/0192f1c0-0000-7000-8000-000000000000"}) {
        CHECK(stage.get(target).status == 403);
        CHECK(fetch(stage.port(), "GET", target).status == 401);
    }
    CHECK(stage.ask("POST", "/v1/jobs?kind=check").status == 403);
    CHECK(stage.look("/v1/jobs/0192f1c0-0000-7000-8000-000000000000").status == 404);
    CHECK(stage.look("/v1/jobs/nonsense").status == 404);
}

TEST_CASE("a request for a job is read strictly, and a repeated key is the same job", "[api][jobs]") {
    JobStage stage;
    const auto code = [&](const std::string& target, std::vector<std::string> headers = {}) {
        const Reply reply = stage.post(target, std::move(headers));
        return std::to_string(reply.status) + " " + json::parse(reply.body).value("code", "");
    };
    CHECK(code("/v1/jobs") == "400 INVALID_PARAMETER");
    CHECK(code("/v1/jobs?kind=unlink") == "400 INVALID_PARAMETER");
    CHECK(code("/v1/jobs?kind=copy_suspect") == "422 JOB_KIND_RESERVED");
    CHECK(code("/v1/jobs?kind=check&depth=soul") == "400 INVALID_PARAMETER");
    CHECK(code("/v1/jobs?kind=scrub&depth=names") == "422 JOB_ARGUMENT");
    CHECK(
        code("/v1/jobs?kind=check&from=2026-11-23T10:00:00Z&to=2026-11-23T09:00:00Z") ==
        "422 INTERVAL_REVERSED"
    );
    CHECK(
        code("/v1/jobs?kind=check", {"Content-Length: 0", "Idempotency-Key: "}) == "400 BAD_IDEMPOTENCY_KEY"
    );
    CHECK(stage.database.query("SELECT count(*) FROM jobs") == "0");
    const Reply first = stage.post("/v1/jobs?kind=check", {"Idempotency-Key: monday"});
    REQUIRE(first.status == 201);
    const Reply second = stage.post("/v1/jobs?kind=check", {"Idempotency-Key: monday"});
    CHECK(second.status == 200);
    CHECK(json::parse(second.body)["id"] == json::parse(first.body)["id"]);
    CHECK(stage.database.query("SELECT count(*) FROM jobs") == "1");
}

TEST_CASE("progress comes as events until the job has ended, and then the stream ends", "[api][jobs][sse]") {
    JobStage stage;
    const json job = json::parse(stage.post("/v1/jobs?kind=check").body);
    const std::string id = job["id"];
    Client client{stage.port()};
    REQUIRE(client.send(
        "GET /v1/jobs/" + id + "/events HTTP/1.1\r\nHost: x\r\n" + stage.operator_role + "\r\n\r\n"
    ));
    const auto running = stage.claim();
    REQUIRE(catalogue::renew_lease(stage.worker, running.id, "w", 30s, {5, 10, "half"}));
    const std::string half = client.read_until("\"done_bytes\":5");
    CHECK(half.find("Content-Type: text/event-stream") != std::string::npos);
    CHECK(half.find("Connection: close") != std::string::npos);
    CHECK(half.find("Content-Length") == std::string::npos);
    CHECK(half.find("event: progress\ndata: {") != std::string::npos);
    REQUIRE(catalogue::release_job(
        stage.worker, running.id, "w", {.state = catalogue::JobState::done, .result = "{}"}
    ));
    const std::string end = client.read_to_end();
    CHECK(end.find("event: ended\ndata: {") != std::string::npos);
    CHECK(stage.get("/v1/jobs/" + id + "/events").status == 403);
    CHECK(fetch(stage.port(), "HEAD", "/v1/jobs/" + id + "/events", {stage.operator_role}).status == 200);
}

TEST_CASE("a stream of events ends with the server's stop, and does not hold a worker", "[api][jobs][sse]") {
    JobStage stage;
    const std::string id = json::parse(stage.post("/v1/jobs?kind=check").body)["id"];
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 10; ++i) {  // two workers serve them all, and others besides
        clients.push_back(std::make_unique<Client>(stage.port()));
        REQUIRE(clients.back()->send(
            "GET /v1/jobs/" + id + "/events HTTP/1.1\r\nHost: x\r\n" + stage.operator_role + "\r\n\r\n"
        ));
        static_cast<void>(clients.back()->read_until("event: progress"));
    }
    CHECK(stage.look("/v1/jobs/" + id).status == 200);
    const auto begun = std::chrono::steady_clock::now();
    stage.service->stop();
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE(
    "a clip over damage is 409, and with damaged=include it is given and says what is damaged",
    "[api][clip][damage]"
) {
    ApiStage stage;
    StageRun run{stage, make_media({}), 0};
    run.record(50);
    const auto damaged = run.record(50);
    run.end(GapCause::shutdown);
    const catalogue::Damage damage{0, 1000, catalogue::DamageKind::content};
    catalogue::Pool worker{stage.database.conninfo("sluice_worker"), 1};
    REQUIRE(catalogue::mark_damaged(worker, damaged.info.segment_id, damaged.range.from, {&damage, 1}));
    stage.start();
    const Reply refused = stage.get(clip_target(0, 4));
    CHECK(refused.status == 409);
    const json problem = json::parse(refused.body);
    CHECK(problem["code"] == "FOOTAGE_DAMAGED");
    CHECK(problem["intervals"].size() == 1);
    const Reply given = stage.get(clip_target(0, 4) + "&damaged=include");
    CHECK(given.status == 200);
    CHECK(given.is_whole);
    CHECK(
        given.header("sluice-damaged") == "content;from=\"" + to_rfc3339(at_second(2)) + "\";to=\"" +
                                              to_rfc3339(at_second(4)) + "\";segment=\"" +
                                              to_string(damaged.info.segment_id) + "\";bytes=\"0-999\""
    );
    CHECK(stage.get(clip_target(0, 2) + "&damaged=include").header("sluice-damaged").empty());
    CHECK(stage.get(clip_target(0, 4) + "&damaged=yes").status == 400);
    const Reply open_end = stage.get(clip_target(0, std::nullopt) + "&damaged=include");
    CHECK(open_end.status == 200);
    CHECK(open_end.header("content-location").ends_with("&damaged=include"));
}
