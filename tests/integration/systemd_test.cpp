#include "config/base/files.hpp"
#include "tests/support/process.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
namespace fs = std::filesystem;

namespace {

const fs::path kUnits = fs::path{SLUICE_SOURCE_DIR} / "systemd";

std::vector<fs::path> units() {
    std::vector<fs::path> result;
    for (const auto& entry : fs::directory_iterator{kUnits})
        if (entry.path().extension() == ".service") result.push_back(entry.path());
    return result;
}

std::string text_of(const fs::path& file) {
    const auto text = read_text_file(file, 1U << 20U);
    REQUIRE(text);
    return *text;
}

}  // namespace

TEST_CASE("every systemd unit is hardened to an exposure of 2.0 or less", "[systemd]") {
    REQUIRE(units().size() >= 5);
    for (const fs::path& unit : units()) {
        INFO(unit);
        const auto done =
            test::run_to_end({"systemd-analyze", "security", "--offline=true", unit.string()}, 20s);
        REQUIRE(done);
        std::smatch found;
        REQUIRE(
            std::regex_search(done->output, found, std::regex{R"(Overall exposure level for \S+: ([0-9.]+))"})
        );
        CHECK(std::stod(found[1]) <= 2.0);
    }
}

TEST_CASE("systemd finds nothing to object to in the units", "[systemd]") {
    // The programs lie in /usr/bin only after an installation: a copy of each unit names one that is there.
    const fs::path folder = fs::temp_directory_path() / ("sluice-units-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    std::vector<std::string> command{"systemd-analyze", "verify", "--man=no"};
    for (const fs::path& unit : units()) {
        const std::string text =
            std::regex_replace(text_of(unit), std::regex{R"(ExecStart=\S+)"}, "ExecStart=/bin/true");
        const fs::path copy = folder / unit.filename();
        REQUIRE(replace_file(copy, text, 0644));
        command.push_back(copy.string());
    }
    for (const char* timer : {"sluice-purge.timer", "sluice-backup.timer"}) {
        fs::copy_file(kUnits / timer, folder / timer);
        command.push_back((folder / timer).string());
    }
    const auto done = test::run_to_end(command, 60s);
    fs::remove_all(folder);
    REQUIRE(done);
    CHECK(done->status.code == 0);
    CHECK(done->output + done->errors == "");
}

TEST_CASE("the recorder's unit requires none of the others", "[systemd]") {
    const std::string text = text_of(kUnits / "sluice-recorder.service");
    const std::regex dependence{R"((^|\n)(Requires|Requisite|BindsTo|PartOf|Wants|Upholds)=[^\n]*sluice)"};
    CHECK_FALSE(std::regex_search(text, dependence));
}

TEST_CASE("every unit is watched and started as its own user", "[systemd]") {
    for (const auto& [name, user] : std::vector<std::pair<std::string, std::string>>{
             {"database", "sluice-db"}, {"recorder", "sluice"}, {"worker", "sluice"}, {"api", "sluice-api"}
         }) {
        const std::string text = text_of(kUnits / ("sluice-" + name + ".service"));
        CHECK(text.find("\nUser=" + user + "\n") != std::string::npos);
        CHECK(text.find("\nType=notify\n") != std::string::npos);
        CHECK(text.find("\nWatchdogSec=") != std::string::npos);
    }
}

TEST_CASE(
    "the purge runs once and ends, each night, by timer or by the same command from cron",
    "[systemd]"
) {
    const std::string unit = text_of(kUnits / "sluice-purge.service");
    CHECK(unit.find("\nType=oneshot\n") != std::string::npos);
    CHECK(unit.find("\nUser=sluice\n") != std::string::npos);
    CHECK(text_of(kUnits / "sluice-purge.timer").find("\nPersistent=true\n") != std::string::npos);
    std::smatch command;
    REQUIRE(std::regex_search(unit, command, std::regex{R"(ExecStart=([^\n]+)\n)"}));
    const std::string crontab = text_of(kUnits / "sluice-purge.cron");
    CHECK(std::regex_search(crontab, std::regex{R"(\n30 2 \* \* \* sluice )"}));
    CHECK(crontab.find(command[1].str()) != std::string::npos);
}

TEST_CASE("the backup of a night is made hours after its purge, and made up for", "[systemd]") {
    const auto hour_of = [](const char* timer) {
        const std::string text = text_of(kUnits / timer);
        CHECK(std::regex_search(text, std::regex{R"(\nPersistent=(true|yes)\n)"}));
        std::smatch hour;
        REQUIRE(std::regex_search(text, hour, std::regex{R"(OnCalendar=\*-\*-\* (\d\d):30:00\n)"}));
        return std::stoi(hour[1].str());
    };
    CHECK(hour_of("sluice-backup.timer") >= hour_of("sluice-purge.timer") + 3);
}

TEST_CASE("sysusers.d makes the service users, and only recorder and API read footage", "[systemd]") {
    const auto done =
        test::run_to_end({"systemd-sysusers", "--dry-run", (kUnits / "sluice.sysusers").string()}, 20s);
    REQUIRE(done);
    CHECK(done->status.code == 0);
    const std::string text = text_of(kUnits / "sluice.sysusers");
    CHECK(std::regex_search(text, std::regex{R"(\nm sluice\s+sluice-footage)"}));
    CHECK(std::regex_search(text, std::regex{R"(\nm sluice-api\s+sluice-footage)"}));
    CHECK_FALSE(std::regex_search(text, std::regex{R"(\nm sluice-db)"}));
}
