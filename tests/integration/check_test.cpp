// `sluice check` and its rebuild after real recording: with a kill, a restart and a stop in it.
#include "config/base/files.hpp"
#include "tests/support/catalogue_rows.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/site.hpp"

#include <csignal>
#include <regex>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

/// The site's configuration for another database or role.
fs::path config_for(const Site& site, const std::string& conninfo, const std::string& name) {
    const auto text = read_text_file(site.folder() / "sluice.toml", 1U << 20U);
    REQUIRE(text);
    const fs::path file = site.folder() / name;
    const std::string changed =
        std::regex_replace(*text, std::regex{"\nurl = \"host[^\n]*"}, "\nurl = \"" + conninfo + "\"");
    REQUIRE(changed != *text);
    REQUIRE(replace_file(file, changed, 0644));
    return file;
}

Finished check(const fs::path& config, std::vector<std::string> options) {
    std::vector<std::string> command{SLUICE_BIN_DIR "/sluice", "check", "--config", config.string()};
    command.insert(command.end(), options.begin(), options.end());
    auto done = run_to_end(command, 60s);
    REQUIRE(done);
    return std::move(*done);
}

}  // namespace

TEST_CASE(
    "a catalogue rebuilt after real recording is the one it replaces, row by row",
    "[check][rebuild][rtsp]"
) {
    Site site;
    const auto clip = make_clip({});
    const Farm farm{site.folder() / "farm", {{"cam1", clip}, {"cam2", clip}}};
    site.write_config({{.slug = "cam1", .url = farm.url("cam1")}, {.slug = "cam2", .url = farm.url("cam2")}});
    site.start_recorder();
    REQUIRE(eventually(30s, [&] { return site.frames("cam1") > 170 && site.frames("cam2") > 170; }));
    site.recorder().kill_now();
    site.start_recorder();
    REQUIRE(eventually(30s, [&] { return site.frames("cam1") > 170 && site.frames("cam2") > 170; }));
    REQUIRE(site.await_catalogue(30s));
    site.stop_recorder(10s);

    const fs::path worker = config_for(site, site.database().conninfo("sluice_worker"), "worker.toml");
    for (const char* depth : {"names", "sizes", "hashes"}) {
        const Finished done = check(worker, {"--depth", depth});
        INFO(done.output << done.errors);
        CHECK(done.status.code == 0);
        CHECK(done.output.find(std::string{"clean at depth "} + depth) != std::string::npos);
    }
    const Finished refused =
        check(config_for(site, site.database().conninfo("sluice_super"), "super.toml"), {"--rebuild"});
    CHECK(refused.status.code == 1);
    CHECK(refused.errors.find("has footage already") != std::string::npos);

    const Database second;
    const fs::path rebuilt = config_for(site, second.conninfo("sluice_super"), "rebuilt.toml");
    const Finished done = check(rebuilt, {"--rebuild"});
    INFO(done.output << done.errors);
    CHECK(done.status.code == 0);
    CHECK(done.output.find("unconfirmed") != std::string::npos);
    const auto differences = compare_catalogues(site.database(), second);
    CHECK(first_of(differences) == "");
    CHECK(check(rebuilt, {"--depth", "hashes"}).status.code == 0);
    const auto status = run_to_end({SLUICE_BIN_DIR "/sluice", "status", "--config", rebuilt.string()}, 20s);
    REQUIRE(status);
    CHECK(status->output.find("catalogue unconfirmed") != std::string::npos);
}

TEST_CASE(
    "what is wrong on the disk is told as lines and as JSON with exit code 1; wrong usage is 2",
    "[check][rtsp]"
) {
    Site site;
    const Farm farm{site.folder() / "farm", {{"cam1", make_clip({})}}};
    site.write_config({{.slug = "cam1", .url = farm.url("cam1")}});
    site.start_recorder();
    REQUIRE(eventually(30s, [&] { return site.frames("cam1") > 170; }));
    site.stop_recorder(10s);
    const fs::path config = config_for(site, site.database().conninfo("sluice_worker"), "worker.toml");
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator{site.volume() / "live"})
        if (entry.path().extension() == ".mp4") files.push_back(entry.path());
    REQUIRE(files.size() >= 2);
    fs::remove(files[0]);
    fs::resize_file(files[1], fs::file_size(files[1]) - 10);

    const Finished lines = check(config, {"--depth", "sizes"});
    CHECK(lines.status.code == 1);
    CHECK(lines.output.find("row_without_file") != std::string::npos);
    CHECK(lines.output.find("size_differs") != std::string::npos);
    CHECK(lines.errors.find("2 findings") != std::string::npos);
    const Finished json = check(config, {"--depth", "sizes", "--json"});
    CHECK(json.status.code == 1);
    const auto report = nlohmann::json::parse(json.output, nullptr, false);
    REQUIRE(report.is_object());
    CHECK(report["counts"]["size_differs"] == 1);
    CHECK(report["counts"]["marked_damaged"] == 1);
    // The one that is short, and the one that is gone.
    CHECK(site.database().query("SELECT count(*) FROM segments WHERE is_damaged") == "2");

    CHECK(check(config, {"--depth", "soul"}).status.code == 2);
    CHECK(check(config, {"--from", "yesterday"}).status.code == 2);
    CHECK(check(config, {"--rebuild", "--json"}).status.code == 2);
    CHECK(check(config, {"--from", "2026-11-23T10:00:00Z", "--to", "2026-11-23T09:00:00Z"}).status.code == 2);
}
