// The log's keeper as a program: killed at any moment, stopped, and judged by the tool and by others.
#include "config/base/files.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/ledger/key_file.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

class Archive {
public:
    Archive() {
        const std::string text = "data = \"" + data().string() + "\"\n[storage]\nvolumes = [\"" +
                                 (folder.path() / "volume").string() + "\"]\n[database]\nurl = \"" +
                                 database.conninfo("sluice_worker") + "\"\n";
        REQUIRE(replace_file(config(), text, 0644));
    }
    [[nodiscard]] fs::path data() const { return folder.path() / "data"; }
    [[nodiscard]] fs::path config() const { return folder.path() / "sluice.toml"; }
    [[nodiscard]] Process start() const {
        auto worker = Process::start(
            {SLUICE_BIN_DIR "/sluice", "work", "--config", config().string()},
            {.log = folder.path() / "worker.log"}
        );
        REQUIRE(worker);
        return std::move(*worker);
    }
    [[nodiscard]] Finished tool(std::vector<std::string> words) const {
        words.insert(words.begin(), SLUICE_BIN_DIR "/sluice");
        auto done = run_to_end(words, 60s);
        REQUIRE(done);
        return std::move(*done);
    }
    void file(int count) {
        for (int i = 0; i < count; ++i)
            REQUIRE(catalogue::append_record(
                api,
                {.action = "test.done",
                 .actor = ledger::system_actor("test"),
                 .subject = {.kind = "test", .id = std::to_string(next_++)}},
                RealClock{}.now()
            ));
    }
    [[nodiscard]] std::string waiting() const {
        return database.query("SELECT count(*) FROM ledger_records WHERE leaf_index IS NULL");
    }

    TempFolder folder{};
    Database database{};
    catalogue::Pool api{database.conninfo("sluice_api"), 1};

private:
    int next_ = 0;
};

}  // namespace

TEST_CASE("a worker killed while it sequences leaves a log that is whole", "[ledger][worker]") {
    Archive archive;
    for (int life = 0; life < 6; ++life) {
        Process worker = archive.start();
        REQUIRE(worker.wait_for_line("ledger_open", 30s));
        archive.file(40 + life * 7);  // it is at work on these when it dies
        worker.kill_now();
    }
    archive.file(3);
    Process last = archive.start();
    REQUIRE(eventually(60s, [&] { return archive.waiting() == "0"; }));
    archive.file(1);
    CHECK(last.stop(20s) == ExitStatus{});
    CHECK(archive.waiting() == "0");  // the stop itself is the last record, and it is signed
    CHECK(
        archive.database.query(
            "SELECT count(*) = max(leaf_index) + 1 AND count(DISTINCT leaf_index) = count(*) AND "
            "count(*) FILTER (WHERE action = 'test.done') = 349 FROM ledger_records"
        ) == "t"
    );
    CHECK(
        archive.database.query("SELECT action FROM ledger_records ORDER BY leaf_index DESC LIMIT 1") ==
        "program.stopped"
    );
    const Finished verified =
        archive.tool({"ledger", "verify", "--json", "--config", archive.config().string()});
    INFO(verified.output << verified.errors);
    CHECK(verified.status.code == 0);
    CHECK(nlohmann::json::parse(verified.output)["findings"].empty());
}

TEST_CASE("a record is signed within a second of its commit", "[ledger][worker]") {
    Archive archive;
    Process worker = archive.start();
    REQUIRE(worker.wait_for_line("ledger_open", 30s));
    // The fastest of some: a busy machine may hold up one or the other.
    auto fastest = 60s + 0ms;
    for (int i = 0; i < 10; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        archive.file(1);
        REQUIRE(eventually(60s, [&] { return archive.waiting() == "0"; }));
        fastest = std::min(
            fastest,
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun)
        );
    }
    CHECK(fastest < 1s);
}

TEST_CASE("an export is checked without database and service, here and by others", "[ledger][worker]") {
    Archive archive;
    const std::string config = archive.config().string();
    const std::string folder = (archive.folder.path() / "export").string();
    const std::string kept = (archive.folder.path() / "kept").string();
    archive.file(5);
    // Without a worker there is no checkpoint that covers the export, so there is no export.
    const Finished alone = archive.tool({"ledger", "export", folder, "--config", config});
    CHECK(alone.status.code == 1);
    CHECK_FALSE(fs::exists(folder));

    Process worker = archive.start();
    // The file comes after the commit.
    REQUIRE(eventually(30s, [&] {
        return archive.waiting() == "0" && fs::exists(ledger::checkpoint_file(archive.data()));
    }));
    REQUIRE(
        replace_file(kept, read_text_file(ledger::checkpoint_file(archive.data()), 1U << 16U).value(), 0644)
    );
    archive.file(300);
    const std::string erased =
        archive.database.query("SELECT id FROM ledger_records WHERE action = 'test.done' AND leaf_index = 2");
    REQUIRE(eventually(30s, [&] { return archive.waiting() == "0"; }));
    const Finished erasure =
        archive.tool({"ledger", "erase", erased, "--reason", "個資刪除 no. 7", "--config", config});
    INFO(erasure.errors);
    CHECK(erasure.status.code == 0);
    CHECK(erasure.output.contains("erased under "));
    CHECK(
        archive.tool({"ledger", "erase", erased, "--reason", "again", "--config", config}).status.code == 1
    );

    const Finished exported = archive.tool({"ledger", "export", folder, "--config", config});
    INFO(exported.errors);
    REQUIRE(exported.status.code == 0);
    CHECK(
        archive.tool({"ledger", "export", folder, "--config", config}).status.code == 1
    );  // not over another
    CHECK(worker.stop(20s) == ExitStatus{});

    const Finished plain = archive.tool({"verify", folder});
    INFO(plain.output << plain.errors);
    CHECK(plain.status.code == 0);
    CHECK(plain.output.contains("1 of them erased"));
    CHECK(plain.output.contains("can't be excluded"));
    const Finished since = archive.tool({"verify", folder, "--since", kept});
    CHECK(since.status.code == 0);
    CHECK_FALSE(since.output.contains("can't be excluded"));
    const auto others = run_to_end(
        {"/usr/bin/python3", SLUICE_SOURCE_DIR "/tests/ledger/independent.py", "export", folder}, 60s
    );
    REQUIRE(others);
    INFO(others->errors);
    CHECK(others->status.code == 0);

    std::string records = read_text_file(folder + "/records.jsonl", 1U << 24U).value();
    const std::size_t place = records.find("\"index\":77,");
    const std::size_t word = records.find("test.done", records.rfind('\n', place));
    records.replace(word, 9, "test.gone");
    REQUIRE(replace_file(folder + "/records.jsonl", records, 0644));
    const Finished changed = archive.tool({"verify", folder, "--json"});
    CHECK(changed.status.code == 1);
    const auto findings = nlohmann::json::parse(changed.output)["findings"];
    REQUIRE(findings.size() == 1);
    CHECK(findings[0]["kind"].get<std::string>() == "changed");
    CHECK(findings[0]["index"].get<int>() == 77);
    // Wrong usage is 2, help is 0.
    CHECK(archive.tool({"verify"}).status.code == 2);
    CHECK(archive.tool({"ledger", "--help"}).status.code == 0);
}

TEST_CASE("keys are made once, for their owner alone", "[ledger]") {
    const Archive archive;
    const std::string file = (archive.folder.path() / "witness.key").string();
    const Finished made = archive.tool({"ledger", "keygen", file, "--witness", "--name", "ethics.example/w"});
    CHECK(made.status.code == 0);
    const std::string last = made.output.substr(made.output.rfind('\n', made.output.size() - 2) + 1);
    const auto key = ledger::verifier_key_from(last.substr(0, last.size() - 1));
    REQUIRE(key);
    CHECK(key->kind == ledger::KeyKind::witness);
    CHECK(key->name == "ethics.example/w");
    CHECK(ledger::load_key_file(file).value().verifier() == *key);
    CHECK(archive.tool({"ledger", "keygen", file}).status.code == 1);
    CHECK(archive.tool({"ledger", "keygen", file + "2", "--name", "a b"}).status.code == 1);
    fs::permissions(file, fs::perms{0644});
    CHECK_FALSE(ledger::load_key_file(file));
}
