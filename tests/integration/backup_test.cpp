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
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <pqxx/pqxx>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

/// Of everything that must come back.
std::string fingerprint_of(const std::function<std::string(const std::string&)>& query) {
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
        text += std::string{table} + " " +
                query(
                    std::string{"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM "} +
                    table + " t"
                ) +
                "\n";
    return text;
}

/// Who may do what with tables, columns and functions. The order of a right's grantees says nothing.
std::string rights_of(const std::function<std::string(const std::string&)>& query) {
    return query(R"(
        WITH things AS (
            SELECT concat_ws(' ', c.relname, c.relowner::regrole) AS thing,
                   coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
            FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
            UNION ALL
            SELECT concat_ws(' ', a.attrelid::regclass, a.attname), a.attacl
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL
            UNION ALL
            SELECT concat_ws(' ', p.oid::regprocedure, p.proowner::regrole, p.prosecdef),
                   coalesce(p.proacl, acldefault('f', p.proowner))
            FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace)
        SELECT md5(string_agg(thing || ' ' || (SELECT string_agg(item::text, ',' ORDER BY item::text) FROM unnest(acl) item),
                              chr(10) ORDER BY thing)) || ' ' || count(*) FROM things)");
}

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
        const auto placed =
            catalogue::place_hold(owner, hold, {.id = {}, .name = "秘書", .role = "secretariat"});
        REQUIRE(catalogue::need(placed) == catalogue::HoldPlacing::placed);
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
    [[nodiscard]] std::string fingerprint() const {
        return fingerprint_of([this](const std::string& sql) { return site.database.query(sql); });
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

TEST_CASE(
    "a restored catalogue is confirmed by the log of its backup, in somebody's name, and not without its "
    "holds",
    "[backup][confirm][cli]"
) {
    House house;
    REQUIRE(house.sluice({"work", "--once"}).status.code == 0);
    const fs::path backup = house.back_up();
    house.disconnect();
    REQUIRE(house.sluice({"restore", backup.string(), "--replace"}).status.code == 0);
    const std::string evidence = (backup / "ledger").string();
    const auto confirm = [&] { return house.sluice({"retention", "confirm", "--evidence", evidence}); };
    SECTION("whole") {
        const Finished done = confirm();
        INFO(words_of(done));
        CHECK(done.status.code == 0);
        CHECK(house.site.database.query("SELECT is_confirmed FROM catalogue_state") == "t");
        CHECK(
            house.site.database.query(
                "SELECT record::jsonb #>> '{principal,name}' LIKE 'os:_%' FROM ledger_records "
                "WHERE action = 'retention.confirmed'"
            ) == "t"
        );
        return;
    }
    std::string said;
    SECTION("a hold is lost") {
        house.site.database.execute("DELETE FROM hold_cameras; DELETE FROM holds");
        said = "missing hold";
    }
    SECTION("the machine has signed more since") {
        // As after records that the backup does not have: the present log goes on from the backup's.
        REQUIRE(house.sluice({"work", "--once"}).status.code == 0);
        house.disconnect();
        REQUIRE(house.sluice({"restore", backup.string(), "--replace"}).status.code == 0);
        said = "it is too old";
    }
    const Finished refused = confirm();
    INFO(words_of(refused));
    CHECK(refused.status.code == 1);
    CHECK(refused.output.find(said) != std::string::npos);
    CHECK(house.site.database.query("SELECT is_confirmed FROM catalogue_state") == "f");
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

TEST_CASE("a backup comes back in an empty cluster, with the rights of its roles", "[backup][cli]") {
    House house;
    REQUIRE(house.sluice({"work", "--once"}).status.code == 0);
    const auto here = [&](const std::string& sql) { return house.site.database.query(sql); };
    const std::string before = house.fingerprint();
    const std::string rights = rights_of(here);
    const fs::path backup = house.back_up();

    const auto cluster = Postgres::make_another();  // neither database nor roles
    const std::string conninfo = cluster->conninfo("sluice_super", "sluice");
    house.data = house.folder.path() / "elsewhere";
    fs::create_directories(house.data);
    house.write_config(conninfo);
    const Finished done = house.sluice({"restore", backup.string()});
    INFO(words_of(done));
    REQUIRE(done.status.code == 0);
    CHECK(words_of(done).find("state.json was put back") != std::string::npos);
    const auto there_as = [&](const std::string& role, const std::string& sql) {
        pqxx::connection connection{cluster->conninfo(role, "sluice")};
        pqxx::nontransaction session{connection};
        return session.exec(sql)[0][0].as<std::string>();
    };
    const auto there = [&](const std::string& sql) { return there_as("sluice_super", sql); };
    CHECK(fingerprint_of(there) == before);
    CHECK(rights_of(there) == rights);
    CHECK(there_as("sluice_api", "SELECT count(*)::text FROM segments") == "20");
    CHECK_THROWS(there_as("sluice_api", "DELETE FROM segments RETURNING 1"));
    CHECK(there("SELECT is_confirmed::text FROM catalogue_state") == "false");
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
