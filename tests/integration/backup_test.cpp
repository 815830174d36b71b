// `sluice backup` and `sluice restore`: what comes back is what was there, and nothing is lost on the way.
#include "config/base/files.hpp"
#include "config/base/token.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

/// A catalogue with footage, a person and a hold, and the configuration that names it.
struct House {
    catalogue::Site site;
    TempFolder folder;
    fs::path config = folder.path() / "sluice.toml";
    fs::path data = folder.path() / "data";
    fs::path backups = folder.path() / "backups";

    House() {
        std::vector<catalogue::FinishedRow> rows;
        const Uuid run = make_uuid_v7(catalogue::kStart);
        for (int i = 0; i < 20; ++i)
            rows.push_back(site.finished(site.main, run, catalogue::kStart + i * 60s));
        site.save(rows);
        place_hold();
        fs::create_directories(data / "recorder");
        fs::create_directories(backups);
        REQUIRE(replace_file(data / "recorder" / "state.json", "{\"of\": \"the recorder\"}\n", 0600));
        write_config(site.database.conninfo("sluice_super"));
    }
    void write_config(const std::string& conninfo) const {
        REQUIRE(replace_file(
            config,
            "data = \"" + data.string() + "\"\n[storage]\nvolumes = [\"" +
                (folder.path() / "volume").string() + "\"]\n[database]\nurl = \"" + conninfo + "\"\n",
            0600
        ));
    }
    void place_hold() {
        catalogue::Pool owner{site.database.conninfo("sluice_super"), 1};
        const auto person = catalogue::need(catalogue::create_person_token(
            owner, "秘書", {"secretariat"}, token_hash(make_token()), catalogue::kStart
        ));
        catalogue::HoldRow hold;
        hold.id = make_uuid_v7(catalogue::kStart);
        hold.range = {catalogue::kStart, catalogue::kStart + 1h};
        hold.cameras = {site.inventory.cameras[0].id};
        hold.reason = "失竊";
        hold.owner_id = hold.placer_id = person->id;
        hold.owner = hold.placer = person->name;
        hold.placed = catalogue::kStart;
        hold.expires = catalogue::kStart + 100 * 24h;
        REQUIRE(catalogue::need(
            catalogue::place_hold(owner, hold, {.id = {}, .name = "秘書", .role = "secretariat"})
        ));
    }
    [[nodiscard]] Finished sluice(std::vector<std::string> words) const {
        words.insert(words.begin(), SLUICE_BIN_DIR "/sluice");
        words.insert(words.end(), {"--config", config.string()});
        auto done = run_to_end(words, 60s);
        REQUIRE(done);
        return std::move(*done);
    }
    /// The folder of a new backup.
    [[nodiscard]] fs::path back_up() const {
        const Finished done = sluice({"backup", backups.string()});
        INFO(done.output << done.errors);
        REQUIRE(done.status.code == 0);
        return done.output.substr(0, done.output.find(": "));
    }
    /// Of everything that must come back.
    [[nodiscard]] std::string fingerprint() const {
        std::string text;
        for (const char* table :
             {"segments",
              "segment_index",
              "streams",
              "cameras",
              "runs",
              "formats",
              "holds",
              "hold_cameras",
              "principals",
              "credentials",
              "policy_versions",
              "gaps"})
            text +=
                std::string{table} + " " +
                site.database.query(
                    std::string{"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM "} +
                    table + " t"
                ) +
                "\n";
        return text;
    }
    /// The programs are stopped: nobody is connected.
    void disconnect() const {
        static_cast<void>(
            site.database.query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname "
                                "= current_database() AND "
                                "pid <> pg_backend_pid()")
        );
    }
};

std::string words_of(const Finished& done) {
    return done.output + done.errors;
}

TEST_CASE("a backup comes back row by row, unconfirmed, and the old database is kept", "[backup][cli]") {
    House house;
    const Finished worked = house.sluice({"work", "--once"});  // makes a key and signs what has been done
    INFO(words_of(worked));
    REQUIRE(worked.status.code == 0);
    const std::string before = house.fingerprint();
    const fs::path uploads = house.data / "spool" / "uploads";
    fs::create_directories(uploads);
    REQUIRE(replace_file(uploads / "a.sealed", "sealed", 0600));
    REQUIRE(replace_file(house.data / "spool" / "uploads.key", "key", 0600));
    const fs::path backup = house.back_up();
    CHECK(read_text_file(backup / "uploads" / "a.sealed", 100).value() == "sealed");
    CHECK(
        house.site.database.query("SELECT folder FROM backups WHERE verified_at IS NOT NULL") ==
        backup.string()
    );
    CHECK(
        house.site.database.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'sluice_verify%'") ==
        "0"
    );

    const auto verified = run_to_end({SLUICE_BIN_DIR "/sluice", "verify", (backup / "ledger").string()}, 30s);
    REQUIRE(verified);
    INFO(words_of(*verified));
    CHECK(verified->status.code == 0);
    for (const auto& entry : fs::recursive_directory_iterator{backup})
        CHECK(entry.path().extension() != ".key");
    // One is lost, another one is there: only the first comes back.
    fs::remove(uploads / "a.sealed");
    REQUIRE(replace_file(uploads / "b.sealed", "another", 0600));

    house.site.database.execute("DELETE FROM hold_cameras; DELETE FROM holds; DELETE FROM credentials");
    REQUIRE(house.fingerprint() != before);
    const Finished refused = house.sluice({"restore", backup.string()});
    CHECK(refused.status.code == 1);
    CHECK(refused.errors.find("--replace") != std::string::npos);
    const Finished busy = house.sluice({"restore", backup.string(), "--replace"});  // pools are connected
    CHECK(busy.status.code == 1);
    CHECK(busy.errors.find("stop sluice-recorder") != std::string::npos);
    REQUIRE(house.fingerprint() != before);

    house.disconnect();
    const Finished done = house.sluice({"restore", backup.string(), "--replace"});
    INFO(words_of(done));
    REQUIRE(done.status.code == 0);
    CHECK(words_of(done).find("1 papers of requests were put back") != std::string::npos);
    CHECK(read_text_file(uploads / "a.sealed", 100).value() == "sealed");
    CHECK(read_text_file(uploads / "b.sealed", 100).value() == "another");
    CHECK(house.fingerprint() == before);
    CHECK(house.site.database.query("SELECT is_confirmed FROM catalogue_state") == "f");
    CHECK(
        house.site.database.query("SELECT action FROM ledger_records ORDER BY filed_at DESC LIMIT 1") ==
        "backup.restored"
    );
    CHECK(
        house.site.database.query(
            "SELECT count(*) FROM pg_database WHERE datname LIKE current_database() || '_before_%'"
        ) == "1"
    );
    // Roles find their rights again.
    CHECK(house.site.database.query("SELECT count(*) FROM segments", "sluice_api") == "20");
    CHECK_THROWS(house.site.database.query("DELETE FROM segments RETURNING 1", "sluice_api"));
}

TEST_CASE("a backup that is not whole is refused before anything is touched", "[backup][cli]") {
    House house;
    const fs::path backup = house.back_up();
    const std::string before = house.fingerprint();
    std::string said;
    SECTION("a changed byte") {
        std::fstream file{backup / "catalogue.dump", std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(100);
        file.put('x');
        said = "catalogue.dump is not what was backed up";
    }
    SECTION("a missing file") {
        fs::remove(backup / "state.json");
        said = "state.json is missing";
    }
    SECTION("a file more") {
        REQUIRE(replace_file(backup / "more", "x", 0600));
        said = "files that the manifest does not name";
    }
    SECTION("no manifest") {
        fs::remove(backup / "manifest.json");
        said = "manifest.json";
    }
    house.disconnect();
    const Finished done = house.sluice({"restore", backup.string(), "--replace"});
    CHECK(done.status.code == 1);
    CHECK(done.errors.find(said) != std::string::npos);
    CHECK(house.fingerprint() == before);
}

TEST_CASE("state.json is put back where there is none, and never replaced", "[backup][cli]") {
    House house;
    const fs::path state = house.data / "recorder" / "state.json";
    const fs::path backup = house.back_up();
    SECTION("there is none") {
        fs::remove(state);
        house.disconnect();
        const Finished done = house.sluice({"restore", backup.string(), "--replace"});
        CHECK(words_of(done).find("state.json was put back") != std::string::npos);
        CHECK(read_text_file(state, 1000).value() == "{\"of\": \"the recorder\"}\n");
    }
    SECTION("there is another") {
        REQUIRE(replace_file(state, "other\n", 0600));
        house.disconnect();
        const Finished done = house.sluice({"restore", backup.string(), "--replace"});
        CHECK(words_of(done).find("state.json was left as it is") != std::string::npos);
        CHECK(read_text_file(state, 1000).value() == "other\n");
    }
}

TEST_CASE("a backup that fails leaves nothing that looks like one", "[backup][cli]") {
    House house;
    house.write_config(house.site.database.conninfo("sluice_api"));  // may not read every table
    const Finished done = house.sluice({"backup", house.backups.string()});
    CHECK(done.status.code == 1);
    CHECK(fs::is_empty(house.backups));
}

}  // namespace
