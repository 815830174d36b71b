#include "jobs/log_writer.hpp"

#include "config/base/files.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/ledger/key_file.hpp"
#include "tests/pg/catalogue_site.hpp"
#include "tests/support/temp_folder.hpp"

#include <sys/stat.h>

#include <pqxx/pqxx>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using catalogue::kStart;
using catalogue::need;

/// A database, and the folder of the worker that signs for it.
struct Office {
    test::Database database;
    test::TempFolder folder;
    catalogue::Pool api{database.conninfo("sluice_api"), 1};

    [[nodiscard]] LogSettings settings() const {
        return {.conninfo = database.conninfo("sluice_worker"), .data = folder.path(), .key_file = {}};
    }
    /// Acts as the API files them; the subject's id says which.
    void file(std::size_t count, const std::string& name = "act") {
        for (std::size_t i = 0; i < count; ++i)
            need(catalogue::append_record(
                api,
                ledger::Act{
                    .action = "clip.opened",
                    .actor = ledger::system_actor("sluice-api"),
                    .subject = {.kind = "clip", .id = name + std::to_string(i)},
                },
                kStart
            ));
    }
    /// Everything that waits gets its place, by a worker that lives no longer than that.
    std::size_t sequence() {
        LogWriter writer = need(LogWriter::open(settings()));
        std::size_t all = 0;
        for (std::size_t placed = need(writer.step(kStart)); placed > 0; placed = need(writer.step(kStart)))
            all += placed;
        return all;
    }
    [[nodiscard]] ledger::Checkpoint checkpoint() const {
        const auto note = need(ledger::parse_note(database.query("SELECT checkpoint FROM ledger_tree")));
        const auto key = need(read_text_file(ledger::verifier_file(folder.path()), 4096));
        return need(ledger::open_checkpoint(
            note, need(ledger::verifier_key_from(std::string_view{key}.substr(0, key.size() - 1)))
        ));
    }
    /// The root as it follows from salts and texts, computed anew.
    [[nodiscard]] ledger::Hash root_of_records() const {
        ledger::Frontier frontier;
        std::vector<ledger::Node> made;
        pqxx::connection connection{database.conninfo("sluice_auditor")};
        pqxx::nontransaction session{connection};
        for (const auto& row : session.exec("SELECT record, encode(salt, 'hex') FROM ledger_records WHERE "
                                            "leaf_index IS NOT NULL ORDER BY "
                                            "leaf_index")) {
            ledger::Salt salt{};
            std::ranges::copy(*from_hex(row[1].as<std::string>()), salt.begin());
            frontier.add(ledger::leaf_hash(ledger::leaf_data(salt, row[0].as<std::string>())), made);
        }
        return frontier.root();
    }
    [[nodiscard]] std::string trouble() const {
        const auto writer = LogWriter::open(settings());
        if (writer) return "";
        CHECK(writer.error().remedy() == Remedy::operator_acts);
        CHECK(database.query("SELECT trouble FROM ledger_tree") == writer.error().describe());
        return writer.error().describe();
    }
};

TEST_CASE("what is committed gets its place once, and the checkpoint covers it", "[pg][ledger]") {
    Office office;
    CHECK(office.sequence() == 0);
    CHECK(office.checkpoint().size == 0);  // an empty log is signed too
    CHECK(office.checkpoint().root == ledger::empty_root());
    office.file(3);
    CHECK(office.sequence() == 3);
    CHECK(office.checkpoint().size == 3);
    CHECK(office.checkpoint().root == office.root_of_records());
    office.file(300);  // across a tile's border, by another worker than the first
    CHECK(office.sequence() == 300);
    CHECK(office.sequence() == 0);
    CHECK(office.checkpoint().root == office.root_of_records());
    CHECK(office.database.query("SELECT count(*) FROM ledger_nodes") == "1");
    CHECK(
        office.database.query(
            "SELECT string_agg(record::jsonb #>> '{subject,id}', ' ' ORDER BY leaf_index) FROM "
            "ledger_records WHERE leaf_index < 3"
        ) == "act0 act1 act2"
    );
    struct stat facts{};
    REQUIRE(::stat(ledger::default_key_file(office.folder.path()).c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600);
}

TEST_CASE("more than a thousand records take more than one step and one place each", "[pg][ledger]") {
    Office office;
    office.database.execute(
        "INSERT INTO ledger_records (id, at, action, record, salt) SELECT gen_random_uuid(), now(), 'a.b', "
        "'{}', sha256(n::text::bytea) FROM generate_series(1, 2500) AS n"
    );
    CHECK(office.sequence() == 2500);
    CHECK(office.checkpoint().size == 2500);
    CHECK(office.checkpoint().root == office.root_of_records());
    CHECK(
        office.database.query("SELECT max(leaf_index), count(DISTINCT leaf_index) FROM ledger_records") ==
        "2499"
    );
}

TEST_CASE("a second sequencer waits for the first", "[pg][ledger]") {
    Office office;
    {
        const LogWriter first = need(LogWriter::open(office.settings()));
        const auto second = LogWriter::open(office.settings());
        REQUIRE_FALSE(second);
        CHECK(second.error().label() == "ledger_busy");
        CHECK(second.error().remedy() == Remedy::retry);
    }
    CHECK(LogWriter::open(office.settings()));
}

TEST_CASE("a sequencer that has lost its place grows no tree", "[pg][ledger]") {
    Office office;
    office.file(2);
    office.sequence();
    LogWriter writer = need(LogWriter::open(office.settings()));
    office.file(1);
    // Another one has been at it, past the lock: the database does not take a step on another tree.
    office.database.execute("UPDATE ledger_tree SET root = sha256('other')");
    const auto step = writer.step(kStart);
    REQUIRE_FALSE(step);
    CHECK(step.error().remedy() == Remedy::refuse);
    CHECK(office.database.query("SELECT count(*) FROM ledger_records WHERE leaf_index IS NULL") == "1");
}

TEST_CASE("nothing is signed over a database that is not what was signed", "[pg][ledger]") {
    Office office;
    office.file(300);
    office.sequence();
    REQUIRE(office.trouble().empty());

    SECTION("a leaf of the last tile was changed") {
        office.database.execute("UPDATE ledger_records SET leaf_data = sha256('x') WHERE leaf_index = 299");
        CHECK(office.trouble().contains("do not give the root"));
    }
    SECTION("the last record is gone") {
        office.database.execute("DELETE FROM ledger_records WHERE leaf_index = 299");
        CHECK(office.trouble().contains("hole"));
    }
    SECTION("size and root were made to fit, without the key") {
        office.database.execute("UPDATE ledger_tree SET size = 0, root = sha256('')");
        CHECK(office.trouble().contains("not the one that was signed"));
    }
    SECTION("the checkpoint is of another key") {
        const auto other = ledger::SigningKey::make("other", ledger::KeyKind::log);
        const auto tree = office.checkpoint();
        office.database.execute(
            "UPDATE ledger_tree SET checkpoint = '" + ledger::sign_checkpoint(tree.size, tree.root, other) +
            "'"
        );
        CHECK(office.trouble().contains("not ours"));
    }
    SECTION("the key is gone: no second one is made for a log that exists") {
        std::filesystem::remove(ledger::default_key_file(office.folder.path()));
        CHECK(office.trouble().contains("signing.key"));
        CHECK_FALSE(std::filesystem::exists(ledger::default_key_file(office.folder.path())));
    }
    SECTION("the key can be read by others") {
        std::filesystem::permissions(
            ledger::default_key_file(office.folder.path()), std::filesystem::perms{0640}
        );
        CHECK(office.trouble().contains("chmod 0600"));
    }
}

TEST_CASE("a database that was put back is noticed by what this machine has signed", "[pg][ledger]") {
    Office office;
    office.file(5);
    office.sequence();
    const std::string old = office.database.query("SELECT checkpoint FROM ledger_tree");
    const std::string root = office.database.query("SELECT encode(root, 'hex') FROM ledger_tree");
    const std::string own = need(read_text_file(ledger::checkpoint_file(office.folder.path()), 1U << 16U));
    office.file(2, "later");
    office.sequence();
    const auto put_back = [&] {
        office.database.execute(
            "DELETE FROM ledger_records WHERE leaf_index >= 5; UPDATE ledger_tree SET size = 5, checkpoint = "
            "'" +
            old + "', root = '\\x" + root + "'"
        );
    };
    put_back();
    CHECK(office.trouble().contains("signed 7 records, the database has 5"));

    // With as many other records it would be a second history of one log.
    std::filesystem::remove(ledger::checkpoint_file(office.folder.path()));
    office.file(3, "other");
    office.sequence();
    put_back();
    CHECK_FALSE(office.trouble().empty());

    // A worker that died between commit and file is only behind.
    std::filesystem::remove(ledger::checkpoint_file(office.folder.path()));
    office.file(4, "again");
    office.sequence();
    REQUIRE(replace_file(ledger::checkpoint_file(office.folder.path()), own, 0644));
    CHECK(office.trouble().empty());
}

TEST_CASE("trouble is said in the database until the tree grows again", "[pg][ledger]") {
    Office office;
    office.file(1);
    office.sequence();
    const auto key = ledger::default_key_file(office.folder.path());
    std::filesystem::rename(key, office.folder.path() / "away");
    CHECK_FALSE(office.trouble().empty());
    std::filesystem::rename(office.folder.path() / "away", key);
    office.file(1);
    CHECK(office.sequence() == 1);
    CHECK(office.database.query("SELECT trouble FROM ledger_tree") == "");
}

}  // namespace
}  // namespace sluice::jobs
