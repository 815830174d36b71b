// Which export of the audit log is believed, and how far it ought to reach.
#include "storage/retention/log_evidence.hpp"

#include "config/base/files.hpp"
#include "jobs/log_writer.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/log_export.hpp"
#include "storage/ledger/key_file.hpp"
#include "storage/retention/confirm.hpp"
#include "tests/pg/catalogue_site.hpp"
#include "tests/support/temp_folder.hpp"

namespace sluice::retention {
namespace {

namespace fs = std::filesystem;
using catalogue::kStart;
using catalogue::need;
using namespace std::chrono_literals;

struct House {
    catalogue::Site site;
    catalogue::Pool worker{site.database.conninfo("sluice_worker"), 1};
    test::TempFolder folder;
    fs::path data = folder.path() / "data";

    Uuid hold() {
        catalogue::HoldRow hold;
        hold.id = make_uuid_v7(kStart);
        hold.range = {kStart, kStart + 1h};
        hold.cameras = {site.inventory.cameras[0].id};
        hold.reason = "失竊";
        hold.owner_kind = "rule";
        hold.owner_id = make_uuid_v7(kStart);
        hold.owner = hold.placer = "sluice-worker";
        hold.placed = kStart;
        hold.expires = kStart + 100 * 24h;
        REQUIRE(need(catalogue::place_hold(worker, hold, ledger::system_actor("sluice-worker"))) ==
                catalogue::HoldPlacing::placed);
        return hold.id;
    }
    /// Everything that waits gets its place in the log of `of`, and is signed.
    void sign(const fs::path& of) const {
        auto writer = need(jobs::LogWriter::open(
            {.conninfo = site.database.conninfo("sluice_worker"), .data = of, .key_file = {}}
        ));
        while (need(writer.step(kStart)) > 0) {
        }
    }
    fs::path export_as(const std::string& name) {
        sign(data);
        REQUIRE(need(catalogue::export_log(worker, data, folder.path() / name)));
        return folder.path() / name;
    }
    [[nodiscard]] Evidence load(const fs::path& from) {
        return need(load_evidence(worker, from, need(load_own_log(data))));
    }
    /// The label of the refusal.
    [[nodiscard]] std::string refusal(const fs::path& from) {
        const auto evidence = load_evidence(worker, from, need(load_own_log(data)));
        return evidence ? "none" : evidence.error().label();
    }
    void lose_holds() const { site.database.execute("DELETE FROM hold_cameras; DELETE FROM holds"); }
};

TEST_CASE("an export is verified before it is believed", "[pg][confirm][ledger]") {
    House house;
    const Uuid hold = house.hold();
    house.hold();
    const fs::path folder = house.export_as("export");
    const Evidence evidence = house.load(folder);
    CHECK(evidence.holds.size() == 2);
    CHECK(evidence.missing == 0);
    CHECK_FALSE(evidence.is_other_log);
    CHECK(need(compare(house.worker, evidence, kStart)).is_whole());
    house.lose_holds();
    CHECK(need(compare(house.worker, evidence, kStart)).missing_holds.size() == 2);

    const fs::path records = folder / "records.jsonl";
    std::string text = need(read_text_file(records, 1U << 20U));
    SECTION("a record that was changed") {
        text.replace(text.find("hold.placed"), 11, "hold.plased");
    }
    SECTION("a record that was taken out") {
        text.erase(0, text.find('\n') + 1);
    }
    SECTION("a line that nobody can read") {
        text += "{\n";
    }
    SECTION("a record that was taken away without a record that says why") {
        const auto begin = text.find(R"("record":)");
        text = R"({"erased_by":null,"id":")" + to_string(hold) + R"(","index":0,"record":null,"salt":null})" +
               text.substr(text.find('\n', begin));
    }
    SECTION("none at all") {
        text.clear();
    }
    REQUIRE(replace_file(records, text, 0600));
    CHECK(house.refusal(folder) == "EVIDENCE_BROKEN");
}

TEST_CASE("what is no export is no evidence", "[pg][confirm][ledger]") {
    House house;
    CHECK(house.refusal(house.folder.path() / "nothing") == "EVIDENCE_BROKEN");
    const fs::path folder = house.export_as("export");
    REQUIRE(replace_file(folder / "checkpoint", "sluice\n1\n", 0600));
    CHECK(house.refusal(folder) == "EVIDENCE_BROKEN");
}

TEST_CASE("an export that ends before what this machine has signed is too old", "[pg][confirm][ledger]") {
    House house;
    house.hold();
    const fs::path old = house.export_as("old");
    const Uuid later = house.hold();
    house.sign(house.data);
    SECTION("the database has the rest: that is read as well") {
        const Evidence evidence = house.load(old);
        CHECK(evidence.missing == 0);
        CHECK(evidence.holds.contains(later));
        house.lose_holds();
        CHECK(need(compare(house.worker, evidence, kStart)).missing_holds.size() == 2);
    }
    SECTION("the database was lost") {
        House other;  // as a rebuild begins: nothing is in its log
        const Evidence evidence = need(load_evidence(other.worker, old, need(load_own_log(house.data))));
        CHECK(evidence.missing == 1);
        CHECK_FALSE(evidence.is_other_log);
        CHECK_FALSE(evidence.holds.contains(later));
        const auto comparison = need(compare(other.worker, evidence, kStart));
        CHECK(comparison.missing_records == 1);
        CHECK_FALSE(comparison.is_whole());
    }
    SECTION("and the log begun anew, so that nobody can tell") {
        House other;
        fs::create_directories(ledger::ledger_folder(other.data));
        fs::copy_file(ledger::default_key_file(house.data), ledger::default_key_file(other.data));
        other.hold();
        other.sign(other.data);
        const Evidence evidence = other.load(old);
        CHECK(evidence.is_other_log);
        CHECK_FALSE(need(compare(other.worker, evidence, kStart)).is_whole());
    }
}

TEST_CASE("an export that another key has signed is of another log", "[pg][confirm][ledger]") {
    House house;
    house.hold();
    const fs::path folder = house.export_as("export");
    House other;
    other.sign(other.data);
    CHECK(other.load(folder).is_other_log);
}

TEST_CASE("of an erased record nobody knows what it said", "[pg][confirm][ledger]") {
    House house;
    house.hold();
    house.sign(house.data);
    const auto id = uuid_from_string(
        house.site.database.query("SELECT id FROM ledger_records WHERE action = 'hold.placed'")
    );
    REQUIRE(id);
    const ledger::Act reason{
        .action = "ledger.erased",
        .actor = ledger::system_actor("test"),
        .subject = {.kind = "record", .id = to_string(*id)},
    };
    REQUIRE(need(catalogue::erase_record(house.worker, *id, reason, kStart)));
    const Evidence evidence = house.load(house.export_as("export"));
    CHECK(evidence.erased == 1);
    CHECK(evidence.holds.empty());
    const auto comparison = need(compare(house.worker, evidence, kStart));
    CHECK(comparison.erased == 1);
    CHECK_FALSE(comparison.is_whole());
}

}  // namespace
}  // namespace sluice::retention
