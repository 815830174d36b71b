// `sluice account` as whoever sets up a house uses it.
#include "config/base/files.hpp"
#include "storage/account/password.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

struct Desk {
    Database database;
    TempFolder folder;
    std::filesystem::path config = folder.path() / "sluice.toml";

    Desk() {
        REQUIRE(replace_file(
            config,
            "data = \"" + (folder.path() / "data").string() + "\"\n[storage]\nvolumes = [\"" +
                (folder.path() / "volume").string() + "\"]\n[database]\nurl = \"" +
                database.conninfo("sluice_super") + "\"\n",
            0600
        ));
    }
    [[nodiscard]] Finished run(std::vector<std::string> words) const {
        words.insert(words.begin(), {SLUICE_BIN_DIR "/sluice", "account"});
        words.insert(words.end(), {"--config", config.string()});
        auto done = run_to_end(words, 60s);
        REQUIRE(done);
        return std::move(*done);
    }
    [[nodiscard]] Finished create(const std::string& name, std::vector<std::string> more) const {
        more.insert(more.begin(), {"create", "--name", name, "--document", "保密 7", "--date", "2026-11-20"});
        return run(std::move(more));
    }
    [[nodiscard]] std::string one(const std::string& sql) const { return database.query(sql); }
};

std::string last_line(const Finished& done) {
    const std::string text = done.output.substr(0, done.output.find_last_not_of('\n') + 1);
    return text.substr(text.find_last_of('\n') + 1);
}

TEST_CASE("the first account is made on the machine, and ends bootstrap", "[account][cli]") {
    const Desk desk;
    CHECK(desk.one("SELECT has_person_account()::text") == "false");
    const Finished made = desk.create("王小明", {"--role", "admin", "--role", "auditor", "--unit", "資訊室"});
    INFO(made.errors);
    REQUIRE(made.status.code == 0);
    CHECK(desk.one("SELECT has_person_account()::text") == "true");
    const std::string password = last_line(made);
    CHECK(account::is_password(desk.one("SELECT hash FROM passwords"), password));
    CHECK(desk.one("SELECT is_initial::text FROM passwords") == "true");
    CHECK(desk.one("SELECT record::jsonb->'principal'->>'name' FROM ledger_records WHERE action = "
                   "'account.created'")
              .starts_with("os:"));
    CHECK(
        desk.one("SELECT count(*) FROM ledger_records WHERE record::text LIKE '%" + password + "%'") == "0"
    );
    const auto list = nlohmann::json::parse(desk.run({"list", "--json"}).output);
    CHECK(list.size() == 1);
    CHECK(list[0]["name"] == "王小明");
    CHECK(list[0]["roles"] == nlohmann::json{"admin", "auditor"});
    CHECK(list[0]["state"] == "active");
}

TEST_CASE(
    "an account is given other roles and keys, is disabled and left, each with its record",
    "[account][cli]"
) {
    const Desk desk;
    REQUIRE(desk.create("王小明", {"--role", "admin"}).status.code == 0);
    const Finished totp = desk.run({"totp", "王小明"});
    CHECK(last_line(totp).starts_with("otpauth://totp/Sluice:"));
    // Twenty bytes, sealed: a nonce before them, a tag behind.
    CHECK(desk.one("SELECT octet_length(secret) FROM second_factors") == "48");
    CHECK(desk.run({"totp", "王小明", "--remove"}).status.code == 0);
    CHECK(desk.one("SELECT count(*) FROM second_factors") == "0");
    const std::string fresh = last_line(desk.run({"password", "王小明"}));
    CHECK(account::is_password(desk.one("SELECT hash FROM passwords ORDER BY set_at DESC LIMIT 1"), fresh));
    CHECK(last_line(desk.run({"token", "王小明"})).starts_with("slt_"));
    CHECK(desk.run({"role", "王小明", "--role", "guard"}).status.code == 0);
    CHECK(desk.run({"disable", "王小明", "--reason", "lost card"}).status.code == 0);
    CHECK(desk.run({"disable", "王小明", "--reason", "again"}).status.code == 1);
    for (const char* key : {"password", "totp", "token"})
        CHECK(desk.run({key, "王小明"}).status.code == 1);
    CHECK(desk.run({"depart", "王小明", "--document", "離 1", "--date", "2026-12-31"}).status.code == 0);
    CHECK(desk.run({"token", "王小明"}).status.code == 1);
    CHECK(
        desk.one("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records") ==
        "account.created account.second_factor_set account.second_factor_removed account.password_reset "
        "account.token_created account.changed account.disabled account.departed"
    );
    CHECK(
        desk.one(
            "SELECT count(*) FROM ledger_records WHERE record::jsonb #>> '{principal,name}' NOT LIKE 'os:_%'"
        ) == "0"
    );
}

TEST_CASE("what is no account is refused and says why", "[account][cli]") {
    const Desk desk;
    const auto refused = [&](const Finished& done, const std::string& why) {
        INFO(done.errors);
        CHECK(done.status.code == 1);
        CHECK(done.errors.find(why) != std::string::npos);
    };
    refused(desk.create("王小明", {"--role", "emperor"}), "emperor is no role of a person");
    refused(desk.create("camera shop", {"--machine", "--role", "admin"}), "is no role of a machine");
    refused(desk.create("王\u200b小明", {"--role", "admin"}), "letters that nobody sees");
    refused(desk.create("王小明", {"--role", "admin", "--camera", "x"}), "--camera is for");
    refused(
        desk.run({"create", "--name", "x", "--role", "admin", "--document", "1", "--date", "20.11.2026"}),
        "YYYY-MM-DD"
    );
    refused(desk.run({"password", "nobody"}), "nobody has an account");
    CHECK(desk.one("SELECT count(*) FROM accounts") == "0");
    REQUIRE(desk.create("王小明", {"--role", "admin"}).status.code == 0);
    refused(desk.create(" 王小明", {"--role", "guard"}), "looks the same");
    const Finished machine = desk.create("camera shop", {"--machine", "--role", "contractor"});
    CHECK(last_line(machine).starts_with("slt_"));
    refused(desk.run({"password", "camera shop"}), "no password");
}

TEST_CASE("the tool makes the key of sealed copies, and another one on purpose", "[release][cli]") {
    const Desk desk;
    const auto keygen = [&](std::vector<std::string> more) {
        std::vector<std::string> words{
            SLUICE_BIN_DIR "/sluice", "copies", "keygen", "--config", desk.config.string()
        };
        words.insert(words.end(), more.begin(), more.end());
        auto done = run_to_end(words, 60s);
        REQUIRE(done);
        return std::move(*done);
    };
    const Finished made = keygen({});
    INFO(made.errors);
    REQUIRE(made.status.code == 0);
    const auto ledger = desk.folder.path() / "data" / "ledger";
    CHECK(read_text_file(ledger / "copies.vkeys", 1000).value() == last_line(made) + "\n");
    const Finished refused = keygen({});
    CHECK(refused.status.code == 1);
    CHECK(refused.errors.find("--replace") != std::string::npos);
    const Finished again = keygen({"--replace"});
    REQUIRE(again.status.code == 0);
    CHECK(again.output.find("replaces " + last_line(made)) != std::string::npos);
    CHECK(
        read_text_file(ledger / "copies.vkeys", 1000).value() ==
        last_line(again) + "\n" + last_line(made) + "\n"
    );
}

}  // namespace
