// `sluice doors import` with the file of the first site, and `sluice access import` of what happened there.
#include "config/base/files.hpp"
#include "storage/access/site_file.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "tests/pg/catalogue_site.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

namespace fs = std::filesystem;

struct Desk : Site {
    test::TempFolder folder;
    fs::path config = write(
        "sluice.toml",
        "data = \"" + (folder.path() / "data").string() + "\"\n[storage]\nvolumes = [\"" +
            (folder.path() / "volume").string() + "\"]\n[database]\nurl = \"" +
            database.conninfo("sluice_super") + "\"\n"
    );

    [[nodiscard]] fs::path write(const std::string& name, const std::string& text) const {
        REQUIRE(replace_file(folder.path() / name, text, 0600));
        return folder.path() / name;
    }
    [[nodiscard]] test::Finished import(const fs::path& file, bool is_dry = false) const {
        std::vector<std::string> words{
            SLUICE_BIN_DIR "/sluice", "doors", "import", file.string(), "--config", config.string()
        };
        if (is_dry) words.emplace_back("--dry-run");
        auto done = test::run_to_end(words, 60s);
        REQUIRE(done);
        return std::move(*done);
    }
    [[nodiscard]] test::Finished import_events(
        const std::string& name,
        std::vector<std::string> more,
        const std::string& profile = "acs-1"
    ) const {
        std::vector<std::string> words{
            SLUICE_BIN_DIR "/sluice",
            "access",
            "import",
            SLUICE_SOURCE_DIR "/tests/data/access/" + name,
            "--config",
            config.string(),
            "--profile",
            profile
        };
        words.insert(words.end(), more.begin(), more.end());
        auto done = test::run_to_end(words, 60s);
        REQUIRE(done);
        return std::move(*done);
    }
    [[nodiscard]] std::string count(const char* table) const {
        return database.query(std::string{"SELECT count(*) FROM "} + table);
    }
    /// The site's file, with a camera that this catalogue has.
    [[nodiscard]] static std::string first_site() {
        const auto path = fs::path{SLUICE_SOURCE_DIR} / "config" / "doors-anping.json";
        std::string text = read_text_file(path, access::kMostSiteBytes).value();
        const std::string camera = "1f-main-inside";
        text.replace(text.find(camera), camera.size(), "drive-left");
        return text;
    }
};

TEST_CASE("a site's doors are tried, imported, and the second time nothing changes", "[doors][cli]") {
    Desk desk;
    const fs::path file = desk.write("doors.json", Desk::first_site());
    const auto tried = desk.import(file, true);
    CAPTURE(tried.errors);
    CHECK(tried.status.code == 0);
    CHECK(tried.output.find("door 3f-rear: new") != std::string::npos);
    CHECK(tried.output.find("nothing was written") != std::string::npos);
    CHECK(desk.count("doors") == "0");

    const auto done = desk.import(file);
    CAPTURE(done.errors);
    CHECK(done.status.code == 0);
    CHECK(desk.count("doors") == "12");
    CHECK(desk.count("controllers") == "2");
    CHECK(desk.count("person_categories") == "5");
    const auto main = need(find_door(desk.reader, "1f-main")).value();
    CHECK(main.controller_slug == "acs-1");
    CHECK(main.door.camera_slugs == std::vector<std::string>{"drive-left"});
    CHECK(main.door.held_open == 60s);
    CHECK(desk.database.query("SELECT count(*) FROM ledger_records WHERE action LIKE '%.created'") == "19");

    const auto again = desk.import(file);
    CHECK(again.status.code == 0);
    CHECK(again.output.find("new") == std::string::npos);
    CHECK(again.output.find("changed") == std::string::npos);
    std::string changed = Desk::first_site();
    changed.replace(changed.find("磁力鎖 01"), std::string_view{"磁力鎖 01"}.size(), "機房磁力鎖");
    const auto third = desk.import(desk.write("changed.json", changed));
    CHECK(third.output.find("door eml-01: changed") != std::string::npos);
    CHECK(need(find_door(desk.reader, "eml-01"))->edited.revision == 2);
    CHECK(desk.database.query("SELECT count(*) FROM ledger_records WHERE action = 'door.changed'") == "1");
}

TEST_CASE("a file that can't be taken says why, and a camera that is missing stops it", "[doors][cli]") {
    Desk desk;
    const auto wrong =
        desk.import(desk.write("wrong.json", R"({"doors": [{"slug": "x"}, {"slug": "Y", "name": "Y"}]})"));
    CHECK(wrong.status.code == 1);
    CHECK(wrong.errors.find("doors[0].name") != std::string::npos);
    CHECK(wrong.errors.find("doors[1].slug") != std::string::npos);
    const auto missing = desk.import(
        desk.write("missing.json", R"({"doors": [{"slug": "x", "name": "X", "cameras": ["nowhere"]}]})")
    );
    CHECK(missing.status.code == 1);
    CHECK(missing.errors.find("no camera in use has the slug \"nowhere\"") != std::string::npos);
    CHECK(desk.count("doors") == "0");
}

TEST_CASE("a controller's file is tried, imported, and the second time nothing is new", "[access][cli]") {
    Desk desk;
    REQUIRE(desk.import(desk.write("doors.json", Desk::first_site())).status.code == 0);
    const auto tried = desk.import_events("export.csv", {"--dry-run", "--json"});
    CAPTURE(tried.errors);
    REQUIRE(tried.status.code == 0);
    const auto report = nlohmann::json::parse(tried.output);
    CHECK(report["dry_run"] == true);
    CHECK(report["faulty"] == 0);
    CHECK(report["id"] == nullptr);
    CHECK(desk.count("access_events") == "0");

    const auto done = desk.import_events("export.csv", {"--json"});
    CAPTURE(done.errors);
    REQUIRE(done.status.code == 0);
    const auto imported = nlohmann::json::parse(done.output);
    CHECK(imported["accepted"] == report["rows"]);
    CHECK(imported["importer"].get<std::string>().starts_with("os:"));
    CHECK(desk.count("access_events") == std::to_string(report["rows"].get<int>()));
    CHECK(
        desk.database.query("SELECT count(*) FROM access_events WHERE data::text LIKE '%0012345678%'") == "0"
    );
    // Big5 says the same, so nothing of it is new.
    const auto again = nlohmann::json::parse(desk.import_events("export_big5.csv", {"--json"}).output);
    CHECK(again["accepted"] == 0);
    CHECK(again["duplicates"] == report["rows"]);
}

TEST_CASE(
    "rows that can't be read are told by line, and a controller that is missing stops all",
    "[access][cli]"
) {
    Desk desk;
    const auto missing = desk.import_events("hostile.csv", {});
    CHECK(missing.status.code == 1);
    CHECK(missing.errors.find("no controller has the slug \"acs-1\"") != std::string::npos);
    REQUIRE(desk.import(desk.write("doors.json", Desk::first_site())).status.code == 0);
    const auto done = desk.import_events("hostile.csv", {});
    CAPTURE(done.errors, done.output);
    CHECK(done.status.code == 0);
    CHECK(done.output.find("line 3: ") != std::string::npos);
    CHECK(done.output.find(" faulty; import ") != std::string::npos);
    CHECK(desk.count("access_imports") == "1");
}

}  // namespace
}  // namespace sluice::catalogue
