// `sluice token` and `sluice policy` as persons use them: two of them for one version.
#include "config/base/files.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

struct Desk {
    Database database;
    TempFolder folder;
    fs::path config = folder.path() / "sluice.toml";

    Desk() {
        write(
            "sluice.toml",
            "data = \"" + (folder.path() / "data").string() + "\"\n[storage]\nvolumes = [\"" +
                (folder.path() / "volume").string() + "\"]\n[database]\nurl = \"" +
                database.conninfo("sluice_super") + "\"\n"
        );
    }
    fs::path write(const std::string& name, const std::string& text) const {
        REQUIRE(replace_file(folder.path() / name, text, 0600));
        return folder.path() / name;
    }
    [[nodiscard]] Finished run(std::vector<std::string> words) const {
        words.insert(words.begin(), SLUICE_BIN_DIR "/sluice");
        auto done = run_to_end(words, 30s);
        REQUIRE(done);
        return std::move(*done);
    }
    [[nodiscard]] Finished with_config(std::vector<std::string> words) const {
        words.insert(words.end(), {"--config", config.string()});
        return run(std::move(words));
    }
    /// The file of a new token of this person.
    [[nodiscard]] fs::path token_of(const std::string& name, const std::string& role) const {
        const Finished made = with_config({"token", "create", "--principal", name, "--role", role});
        INFO(made.errors);
        REQUIRE(made.status.code == 0);
        return write(role + ".token", made.output.substr(made.output.find('\n') + 1));
    }
};

TEST_CASE("a policy goes from a file over a proposal into force", "[policy][cli]") {
    const Desk desk;
    const auto shipped = read_text_file(fs::path{SLUICE_SOURCE_DIR} / "config" / "policy.toml", 1U << 20U);
    REQUIRE(shipped);
    std::string text = *shipped;
    const auto window = text.find("value = 30", text.find("RET_KEEP"));
    text.replace(window, 10, "value = 90");
    const fs::path file = desk.write("policy.toml", text);
    CHECK(desk.run({"policy", "check", file}).status.code == 0);
    CHECK(desk.with_config({"policy", "diff", file}).output == "RET_KEEP: 30 days -> 90 days\n");

    const fs::path secretary = desk.token_of("王秘書", "secretariat");
    const fs::path director = desk.token_of("局長", "director");
    const auto propose = [&](const fs::path& token) {
        return desk.with_config({"policy", "propose", file, "--note", "longer", "--token-file", token});
    };
    const auto adopt = [&](const fs::path& token, std::vector<std::string> more = {}) {
        std::vector<std::string> words{
            "policy", "adopt", "2", "--document", "府水字第7號", "--token-file", token
        };
        words.insert(words.end(), more.begin(), more.end());
        return desk.with_config(words);
    };
    CHECK(propose(director).errors.find("only a person of the secretariat proposes") != std::string::npos);
    const Finished proposed = propose(secretary);
    INFO(proposed.errors);
    CHECK(proposed.status.code == 0);
    CHECK(proposed.output.starts_with("version 2 is proposed"));
    CHECK(adopt(secretary).errors.find("only the director adopts") != std::string::npos);
    CHECK(adopt(director, {"--valid-from", "2020-01-01T00:00:00Z"}).status.code == 1);
    CHECK(adopt(director).status.code == 0);
    CHECK(adopt(director).errors.find("adopted already") != std::string::npos);
    const Finished shown = desk.with_config({"policy", "show"});
    CHECK(shown.output.find("version 2 (in force): proposed") != std::string::npos);
    CHECK(shown.output.find("by 局長, document 府水字第7號") != std::string::npos);
    CHECK(shown.output.find("RET_KEEP             90 days") != std::string::npos);
}

TEST_CASE("what is wrong with a policy file or a token is said with its cure", "[policy][cli]") {
    const Desk desk;
    const Finished broken = desk.run({"policy", "check", desk.write("broken.toml", "[[rule]]\nid = 3\n")});
    CHECK(broken.status.code == 1);
    CHECK(broken.errors.find("broken.toml:2:6: id: must be a text") != std::string::npos);
    const Finished empty = desk.run({"policy", "check", desk.write("empty.toml", "")});
    CHECK(empty.errors.find("RET_CEILING_1Y: is missing") != std::string::npos);

    const auto token = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"token", "create"});
        return desk.with_config(std::move(words));
    };
    CHECK(token({"--role", "director"}).status.code == 2);                         // a person without a name
    CHECK(token({"--role", "operator", "--principal", "某人"}).status.code == 2);  // a machine's role
    CHECK(token({"--role", "operator", "--role", "viewer"}).status.code == 2);
    CHECK(
        token({"--role", "contractor"}).errors.find("sluice account create --machine --role contractor") !=
        std::string::npos
    );
    static_cast<void>(desk.token_of("局長", "director"));
    const Finished other = token({"--principal", "局長", "--role", "secretariat"});
    CHECK(other.status.code == 1);
    CHECK(other.errors.find("is there with other roles") != std::string::npos);
    const Finished stranger = desk.with_config(
        {"policy", "adopt", "1", "--document", "x", "--token-file", desk.write("nobody.token", "nonsense\n")}
    );
    CHECK(stranger.errors.find("holds no valid token") != std::string::npos);
}

}  // namespace
