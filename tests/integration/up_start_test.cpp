#include "tests/support/eventually.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/up_site.hpp"

#include <csignal>
#include <regex>

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

const std::string kSluice = std::string{SLUICE_BIN_DIR} + "/sluice";
constexpr auto kStopLimit = 40s;

/// The curl lines as they are printed for pasting.
std::vector<std::string> curl_lines(const std::string& output) {
    std::vector<std::string> result;
    const std::regex line{R"((^|\n)(curl [^\n]*))"};
    for (auto at = std::sregex_iterator{output.begin(), output.end(), line}; at != std::sregex_iterator{};
         ++at)
        result.push_back((*at)[2]);
    return result;
}

Finished as_user(const std::string& user, const std::vector<std::string>& command) {
    std::vector<std::string> words{"setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "--"};
    words.insert(words.end(), command.begin(), command.end());
    auto done = run_to_end(words, 20s);
    REQUIRE(done);
    return *done;
}

}  // namespace

TEST_CASE(
    "sluice up starts, refuses a second one, restarts what dies, stops on Ctrl-C and goes on",
    "[up][smoke]"
) {
    UpSite site;
    Process up = site.start();

    const auto second = run_to_end({kSluice, "up", "--config", site.config().string()}, 30s);
    REQUIRE(second);
    CHECK(second->status.code == 1);
    CHECK(second->errors.find(fmt::format("pid {}", up.pid())) != std::string::npos);

    // The worker has its users' rights: it waits for nothing and scrubs what there is.
    CHECK(eventually(
        30s, [&] { return up.output().find("\"event\":\"job_ended\"") != std::string::npos; }, 100ms
    ));
    CHECK(up.output().find("\"state\":\"failed\"") == std::string::npos);

    for (const std::string service : {"sluice-recorder", "sluice-worker", "sluice-api", "sluice-database"}) {
        const auto before = pids_of(up.output(), service);
        REQUIRE(before.size() == 1);
        REQUIRE(::kill(before[0], SIGKILL) == 0);
        CHECK(eventually(20s, [&] { return pids_of(up.output(), service).size() >= 2; }, 100ms));
    }
    // A database killed in mid-work recovers first: a stop in the middle of that would be another test.
    const std::string ready = "\"event\":\"database_ready\"";
    CHECK(eventually(
        30s,
        [&] {
            const std::string log = up.output();
            return log.find(ready) != log.rfind(ready);
        },
        100ms
    ));
    const auto before = site.installation();
    const std::string token = site.operator_token();

    up.send_signal(SIGINT);
    const auto end = up.wait_for_exit(kStopLimit);
    INFO(up.output());
    REQUIRE(end);
    CHECK(end->code == 0);
    const std::string output = up.output();
    CHECK(output.find("stopped\n") != std::string::npos);
    CHECK(output.find("service_killed") == std::string::npos);
    CHECK_FALSE(fs::exists(site.data() / "database" / "cluster" / "postmaster.pid"));

    Process again = site.start();
    const auto after = site.installation();
    CHECK(after.installation_id == before.installation_id);
    CHECK(after.cameras == before.cameras);
    CHECK(after.volumes == before.volumes);
    CHECK(site.operator_token() == token);
    CHECK(again.stop(kStopLimit).code == 0);
}

TEST_CASE("the curl lines that sluice up prints work when pasted", "[up]") {
    UpSite site;
    Process up = site.start();
    const auto lines = curl_lines(up.output());
    REQUIRE(lines.size() == 3);
    const TempFolder folder;
    for (const std::string& line : lines) {
        INFO(line);
        const auto done =
            run_to_end({"bash", "-c", "cd " + folder.path().string() + " && " + line + " --fail"}, 30s);
        REQUIRE(done);
        INFO(done->output << done->errors);
        CHECK(done->status.code == 0);
    }
    const auto judged = run_to_end({"ffprobe", "-v", "error", (folder.path() / "clip.mp4").string()}, 20s);
    REQUIRE(judged);
    CHECK(judged->status.code == 0);
    CHECK(judged->errors == "");
    struct stat token{};
    REQUIRE(::stat((site.data() / "tokens" / "operator.token").c_str(), &token) == 0);
    CHECK((token.st_mode & 0777U) == 0600);
    CHECK(up.stop(kStopLimit).code == 0);
}

TEST_CASE("after kill -9 of sluice up its programs end, and a new one takes over", "[up]") {
    UpSite site;
    Process up = site.start();
    std::vector<pid_t> pids;
    for (const std::string service : {"sluice-recorder", "sluice-worker", "sluice-api", "sluice-database"})
        pids.push_back(pids_of(up.output(), service).back());
    up.kill_now();
    for (const pid_t pid : pids) {
        INFO(pid);
        CHECK(eventually(30s, [pid] { return ::kill(pid, 0) != 0; }, 50ms));
    }
    Process again = site.start();
    CHECK(again.stop(kStopLimit).code == 0);
}

TEST_CASE("as root the API's user cannot write to a volume, nor anybody connect as another role", "[up]") {
    if (::geteuid() != 0) SLUICE_SKIP("needs root, which drops each program to its user");
    UpSite site;
    Process up = site.start();
    const fs::path volume = site.data() / "volume1";
    CHECK(as_user("sluice-api", {"test", "-r", (volume / "sluice-volume.json").string()}).status.code == 0);
    for (const fs::path& place : {volume, volume / "live", volume / "journal"}) {
        INFO(place);
        CHECK(as_user("sluice-api", {"touch", (place / "x").string()}).status.code != 0);
        CHECK(as_user("sluice-db", {"ls", place.string()}).status.code != 0);
    }
    for (const auto& entry : fs::recursive_directory_iterator{volume}) {
        INFO(entry.path());
        const bool is_folder = entry.is_directory();
        CHECK(
            as_user("sluice-api", {"test", is_folder ? "-x" : "-r", entry.path().string()}).status.code == 0
        );
        CHECK(as_user("sluice-api", {"test", "-w", entry.path().string()}).status.code == 1);
    }

    const auto connects = [&](const std::string& user, const std::string& role) {
        const std::string socket = (site.data() / "database" / "socket").string();
        return as_user(user, {"psql", "-X", "-h", socket, "-U", role, "-d", "sluice", "-c", "select 1"})
                   .status.code == 0;
    };
    const std::vector<std::string> roles{
        "sluice_super", "sluice_owner", "sluice_recorder", "sluice_worker", "sluice_api", "sluice_auditor"
    };
    for (const std::string& role : roles) {
        INFO(role);
        CHECK(connects("sluice", role) == (role == "sluice_recorder" || role == "sluice_worker"));
        CHECK(connects("sluice-api", role) == (role == "sluice_api"));
        CHECK(connects("sluice-db", role) == (role == "sluice_super"));
        CHECK_FALSE(connects("nobody", role));
    }
    CHECK(up.stop(kStopLimit).code == 0);
}
