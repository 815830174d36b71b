// A camera of the contractor from its announcement to its recording: over HTTP, and on the command line.
#include "config/base/files.hpp"
#include "tests/integration/api_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/up_site.hpp"

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <grp.h>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string kSluice = std::string{SLUICE_BIN_DIR} + "/sluice";
constexpr auto kLimit = 120s;

/// A house whose contractor has two cameras; the recorder has neither yet.
class House {
public:
    House() {
        const fs::path parts = config_folder() / "conf.d";
        fs::create_directory(parts);
        // As an installation makes it: the service's group may write there.
        if (const group* found = ::getgrnam("sluice"); found != nullptr && ::geteuid() == 0)
            REQUIRE(::chown(parts.c_str(), 0, found->gr_gid) == 0);
        REQUIRE(::chmod(parts.c_str(), 0775) == 0);
        auto text = read_text_file(site.config(), 1U << 20U);
        REQUIRE(text);
        REQUIRE(replace_file(site.config(), *text + "\n[huimin]\nallow_hosts = [\"127.0.0.1\"]\n", 0644));
        static_cast<void>(cameras.command("auth yard digest viewer geheim"));
        up = site.start();
        const auto made = run_to_end(
            {kSluice,
             "account",
             "create",
             "--config",
             site.config().string(),
             "--machine",
             "--role",
             "contractor",
             "--name",
             "huimin",
             "--document",
             "介接字第 1 號",
             "--date",
             "2026-01-02"},
            60s
        );
        REQUIRE(made);
        REQUIRE(made->status.code == 0);
        std::string output = made->output;
        while (output.ends_with('\n'))
            output.pop_back();
        machine = "Authorization: Bearer " + output.substr(output.rfind('\n') + 1);
        house = "Authorization: Bearer " + site.operator_token();
    }
    [[nodiscard]] fs::path config_folder() const { return site.config().parent_path(); }
    [[nodiscard]] fs::path part() const { return config_folder() / "conf.d" / "huimin.toml"; }

    [[nodiscard]] Reply send(
        const std::string& method,
        const std::string& camera,
        const std::string& who,
        const json& body
    ) const {
        return fetch(
            site.port(),
            method,
            "/v1/integrations/huimin/cameras/" + camera,
            {who},
            body.is_null() ? std::string{} : body.dump()
        );
    }
    [[nodiscard]] int announce(const std::string& slug, const std::string& url) const {
        const json camera{
            {"name", "中庭 " + slug}, {"place", "戶外"}, {"covers_public_area", true}, {"url", url}
        };
        return send("PUT", slug, machine, camera).status;
    }
    [[nodiscard]] Finished accept_here(const std::string& slug) const {
        const auto done =
            run_to_end({kSluice, "huimin", "accept", "--config", site.config().string(), slug}, 60s);
        REQUIRE(done);
        return *done;
    }
    [[nodiscard]] json camera(const std::string& slug) const {
        return json::parse(send("GET", slug, house, json()).body, nullptr, false);
    }
    /// The recorder knows it, and the catalogue has footage of it.
    [[nodiscard]] bool has_footage(const std::string& slug) const {
        const json found = camera(slug);
        return found.is_object() && found["is_recorded"] == true && found["last_footage"].is_string();
    }
    [[nodiscard]] bool is_recording(const std::string& slug) const {
        const auto status = site.status();
        return status && std::ranges::any_of(status->streams, [&](const status::StreamStatus& stream) {
                   return stream.camera_slug == slug && stream.state == status::StreamState::recording;
               });
    }
    [[nodiscard]] static unsigned mode_of(const fs::path& file) {
        struct stat found{};
        return ::stat(file.c_str(), &found) == 0 ? found.st_mode & 0777U : 0;
    }

    UpSite site;
    TempFolder folder;
    Farm cameras{folder.path() / "farm", {{"yard", make_clip({})}, {"gate", make_clip({})}}};
    Process up;
    std::string machine;
    std::string house;
};

}  // namespace

TEST_CASE(
    "a camera that the contractor announces and the house accepts is recorded, and no other host is asked",
    "[up][huimin][integration]"
) {
    House stage;
    std::string address = stage.cameras.url("yard");
    address.insert(address.find("//") + 2, "viewer:geheim@");
    REQUIRE(stage.announce("yard", address) == 201);
    REQUIRE(stage.announce("gate", stage.cameras.url("gate")) == 201);
    REQUIRE(stage.announce("roof", "rtsp://198.51.100.9/stream1") == 201);
    CHECK_FALSE(stage.is_recording("yard"));

    // A host that the operator has not allowed: refused over HTTP and here, and nothing is written.
    const Reply refused = stage.send("POST", "roof/accept", stage.house, json::object());
    CHECK(refused.status == 409);
    CHECK(json::parse(refused.body)["code"] == "HOST_NOT_ALLOWED");
    const Finished told = stage.accept_here("roof");
    CHECK(told.status.code == 1);
    CHECK(told.errors.find("198.51.100.9 is not in huimin.allow_hosts") != std::string::npos);
    CHECK(stage.camera("roof")["state"] == "proposed");
    CHECK_FALSE(fs::exists(stage.part()));

    // Over HTTP: the worker's job writes the part, and the recorder reads it.
    REQUIRE(stage.send("POST", "yard/accept", stage.house, json::object()).status == 202);
    REQUIRE(eventually(kLimit, [&] { return stage.has_footage("yard"); }, 100ms));
    CHECK(stage.is_recording("yard"));
    const auto written = read_text_file(stage.part(), 1U << 20U);
    REQUIRE(written);
    CHECK(written->find("slug = \"yard\"") != std::string::npos);
    CHECK(written->find("geheim") == std::string::npos);
    CHECK(House::mode_of(stage.part()) == 0600U);
    const fs::path secret = stage.config_folder() / "conf.d" / "huimin" / "yard.password";
    CHECK(House::mode_of(secret) == 0600U);
    CHECK(read_text_file(secret, 100).value() == "geheim\n");

    // On the command line; what was there goes on.
    const Finished accepted = stage.accept_here("gate");
    INFO(accepted.output << accepted.errors);
    CHECK(accepted.status.code == 0);
    CHECK(accepted.output.find("the recorder has it") != std::string::npos);
    REQUIRE(eventually(kLimit, [&] { return stage.has_footage("gate"); }, 100ms));
    CHECK(stage.is_recording("yard"));
    CHECK(House::mode_of(stage.part()) == 0600U);
    CHECK(stage.up.output().find("geheim") == std::string::npos);
    CHECK(stage.up.stop(40s).code == 0);
}
