#include "cli/up/services.hpp"

#include "cli/up/demo.hpp"
#include "cli/up/layout.hpp"
#include "cli/up/probe.hpp"
#include "config/load.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

up::Users service_users() {
    return {
        .database = {.name = "sluice-db", .uid = 901, .gid = 901, .groups = {901}},
        .recorder = {.name = "sluice", .uid = 902, .gid = 902, .groups = {902, 910}},
        .api = {.name = "sluice-api", .uid = 903, .gid = 903, .groups = {903, 910}},
        .footage_group = 910,
        .is_separated = true,
    };
}

up::Site demo_site() {
    const auto loaded = config::load_text(
        up::demo_configuration("/data", {}), "/data/sluice.toml", config::Secrets::database_only
    );
    return {
        .config_file = "/data/sluice.toml", .config = loaded.config, .is_demo = true, .log_level = "info"
    };
}

std::vector<std::string> names(const std::vector<up::Service>& services) {
    std::vector<std::string> result;
    for (const up::Service& service : services)
        result.push_back(service.name);
    return result;
}

}  // namespace

TEST_CASE("the recorder is started last, so that it is stopped first and the database last", "[cli][up]") {
    const auto list = up::services(demo_site(), service_users(), "/bin");
    CHECK(
        names(list) ==
        std::vector<std::string>{
            "sluice-database", "sluice-demo-cameras", "sluice-api", "sluice-worker", "sluice-recorder"
        }
    );
    CHECK(list[0].command.user->name == "sluice-db");
    CHECK(list[2].command.user->name == "sluice-api");
    CHECK(list[3].command.user->name == "sluice");
    CHECK(list[3].command.arguments.front() == "work");
    CHECK(list[4].command.user->name == "sluice");
}

TEST_CASE("a site with a database server runs none of its own", "[cli][up]") {
    up::Site site = demo_site();
    site.is_demo = false;
    site.config.database.url = "postgresql://db/sluice";
    CHECK(
        names(up::services(site, service_users(), "/bin")) ==
        std::vector<std::string>{"sluice-api", "sluice-worker", "sluice-recorder"}
    );
}

TEST_CASE("the API never inherits the cameras' passwords from our environment", "[cli][up]") {
    for (const up::Service& service : up::services(demo_site(), service_users(), "/bin"))
        CHECK(service.command.inherits_environment == (service.name == "sluice-recorder"));
}

TEST_CASE("an ordinary user drops to nobody", "[cli][up]") {
    up::Users users = service_users();
    users.is_separated = false;
    for (const up::Service& service : up::services(demo_site(), users, "/bin"))
        CHECK_FALSE(service.command.user);
}

TEST_CASE("the API and the database's owner own nothing that holds footage or its ids", "[cli][up]") {
    for (const up::Folder& folder : up::data_folders("/data", service_users())) {
        const bool is_recorders = folder.path == "/data/recorder" || folder.path == "/data/run" ||
                                  folder.path == "/data/ledger" || folder.path == "/data/spool/packages";
        CHECK((folder.uid == 902) == is_recorders);
        CHECK((folder.mode & 0002U) == 0);
    }
}

TEST_CASE("the demo's configuration is valid and has four cameras of the first site", "[cli][up]") {
    const auto loaded = config::load_text(
        up::demo_configuration("/data", {.api = 8081, .cameras = 8555}),
        "/data/sluice.toml",
        config::Secrets::database_only
    );
    REQUIRE(loaded.is_usable());
    CHECK(loaded.problems.empty());
    REQUIRE(loaded.config.recorders.size() == 1);
    CHECK(loaded.config.recorders[0].port == 8555);
    CHECK(loaded.config.api.listen == "127.0.0.1:8081");
    REQUIRE(loaded.config.recorders[0].cameras.size() == 4);
    CHECK(loaded.config.recorders[0].cameras[3].name == "往地下停車場-樓梯間出入口");
    CHECK(loaded.config.recorders[0].cameras[3].channel == 16);
}

TEST_CASE("the printed address can be reached whatever the API listens on", "[cli][up]") {
    CHECK(up::base_url("127.0.0.1:8080", false) == "http://127.0.0.1:8080");
    CHECK(up::base_url("0.0.0.0:80", false) == "http://127.0.0.1:80");
    CHECK(up::base_url("[::]:8443", true) == "https://[::1]:8443");
    CHECK(up::base_url("[2001:db8::1]:8080", false) == "http://[2001:db8::1]:8080");
}
