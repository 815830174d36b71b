#include "tests/integration/api_stage.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"

#include <csignal>
#include <fstream>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

TEST_CASE(
    "without the database health and metrics answer, everything else says when to come back",
    "[api][database][integration]"
) {
    ApiStage stage;
    stage.start();
    const std::string metrics = stage.authorization("metrics");
    REQUIRE(fetch(stage.port(), "GET", "/metrics", {metrics}).status == 200);
    REQUIRE(stage.get("/v1/cameras").status == 200);
    Postgres::instance().stop();
    CHECK(eventually(10s, [&] { return fetch(stage.port(), "GET", "/readyz").status == 503; }));
    const json ready = json::parse(fetch(stage.port(), "GET", "/readyz").body);
    CHECK(ready["status"] == "unready");
    CHECK(ready["reasons"][0] == "database_unreachable");
    CHECK(fetch(stage.port(), "GET", "/healthz").status == 200);
    const Reply counted = fetch(stage.port(), "GET", "/metrics", {metrics});
    CHECK(counted.status == 200);
    CHECK(counted.body.find("sluice_api_database_reachable 0\n") != std::string::npos);
    const Reply refused = stage.get("/v1/cameras");
    CHECK(refused.status == 503);
    CHECK(refused.header("retry-after") == "2");
    CHECK(json::parse(refused.body)["code"] == "DATABASE_UNAVAILABLE");
    CHECK(fetch(stage.port(), "GET", "/metrics", {"Authorization: Bearer " + make_token()}).status == 503);
    Postgres::instance().start();
    CHECK(eventually(10s, [&] { return stage.get("/v1/cameras").status == 200; }));
}

TEST_CASE("with a database of another schema the service waits and says so", "[api][database][integration]") {
    ApiStage stage;
    const EmptyDatabase empty;
    stage.service = std::make_unique<api::Service>(
        stage.config, empty.conninfo("sluice_api"), stage.clock, http::Limits{}
    );
    REQUIRE(stage.service->start());
    const Reply ready = fetch(stage.port(), "GET", "/readyz");
    CHECK(ready.status == 503);
    CHECK(json::parse(ready.body)["reasons"][0] == "schema_version");
    const Reply refused = stage.get("/v1/cameras");
    CHECK(refused.status == 503);
    CHECK(json::parse(refused.body)["code"] == "SCHEMA_VERSION");
}

struct Program {
    explicit Program(const std::string& listen) {
        std::ofstream{folder.path() / "sluice.toml"}
            << "data = \"" << (folder.path() / "data").string() << "\"\n[api]\nlisten = \"" << listen
            << "\"\n[storage]\nvolumes = [\"" << (folder.path() / "volume").string() << "\"]\n";
    }
    Process start(const char* log) {
        auto started = Process::start(
            {SLUICE_BIN_DIR "/sluice-api", "--config", (folder.path() / "sluice.toml").string()},
            {.log = folder.path() / log}
        );
        if (!started) FAIL(started.error().describe());
        return std::move(*started);
    }
    TempFolder folder{};
};

TEST_CASE(
    "the program says where it listens, holds its lock and stops on SIGTERM",
    "[api][program][integration]"
) {
    Program program{"127.0.0.1:0"};
    Process api = program.start("first.log");
    const auto line = api.wait_for_line("\"event\":\"listening\"", 20s);
    REQUIRE(line);
    const json event = json::parse(*line);
    CHECK(event["address"] == "127.0.0.1");
    const auto port = event["port"].get<std::uint16_t>();
    CHECK(fetch(port, "GET", "/healthz").status == 200);
    CHECK(fetch(port, "GET", "/readyz").status == 503);
    CHECK(fetch(port, "POST", "/healthz").status == 405);
    CHECK(api.output().find("articles not enforced") != std::string::npos);

    Process second = program.start("second.log");
    const auto refused = second.wait_for_exit(20s);
    REQUIRE(refused);
    CHECK(refused->code == 1);
    const std::string holder = "another sluice-api (pid " + std::to_string(api.pid()) + ") runs on";
    CHECK(second.output().find(holder) != std::string::npos);

    Program taken{"127.0.0.1:" + std::to_string(port)};
    Process third = taken.start("third.log");
    const auto in_use = third.wait_for_exit(20s);
    REQUIRE(in_use);
    CHECK(in_use->code == 1);
    CHECK(third.output().find("Address already in use") != std::string::npos);

    api.send_signal(SIGTERM);
    const auto stopped = api.wait_for_exit(20s);
    REQUIRE(stopped);
    CHECK(stopped->code == 0);
}

TEST_CASE("no token stands in the program's log, whatever way it came", "[api][program][integration]") {
    Program program{"127.0.0.1:0"};
    Process api = program.start("api.log");
    const auto line = api.wait_for_line("\"event\":\"listening\"", 20s);
    REQUIRE(line);
    const auto port = json::parse(*line)["port"].get<std::uint16_t>();
    const std::string token = make_token();
    static_cast<void>(fetch(port, "GET", "/v1/cameras", {"Authorization: Bearer " + token}));
    static_cast<void>(fetch(port, "GET", "/v1/cameras?token=" + token));
    static_cast<void>(fetch(port, "GET", "/v1/coverage?from=x&access_token=" + token));
    static_cast<void>(fetch(port, "GET", "/" + token));
    api.stop(20s);
    CHECK(api.output().find("\"event\":\"request\"") != std::string::npos);
    CHECK(api.output().find(token.substr(4)) == std::string::npos);
}

}  // namespace
}  // namespace sluice::test
