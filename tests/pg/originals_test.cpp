// Received files are looked at like segments, and come back with their receipts when the catalogue is lost.
#include "storage/check/rebuild.hpp"
#include "storage/check/scrub.hpp"
#include "storage/receipt/receipt.hpp"
#include "tests/pg/check_stage.hpp"
#include "tests/pg/contractor_stage.hpp"
#include "tests/support/catalogue_rows.hpp"

namespace sluice::contractor {
namespace {

using namespace test;
using check::Depth;
namespace fs = std::filesystem;

/// A clip that is played (three segments) and one that is not, imported; an hour later.
class Archive : public ContractorStage {
public:
    Archive() {
        played = receive("mp4", days{40}, days{3}).id;
        kept = receive("mjpeg.avi", days{20}, days{2}).id;
        import(played);
        import(kept);
        clock.at = RealClock{}.now() + 1h;  // nothing on the disk is young any more
    }
    [[nodiscard]] check::FoundVolumes volumes() const {
        return {.volumes = {{.id = inventory.volumes[0].id, .root = root()}}, .missing = {}};
    }
    [[nodiscard]] std::string found(Depth depth, std::string camera = {}) {
        Notes notes;
        last = take(check::run_check(
            worker, volumes(), {.depth = depth, .camera_slug = std::move(camera)}, clock, notes
        ));
        findings = notes.findings;
        CHECK(last.tally.total() == findings.size());
        return notes.kinds();
    }
    [[nodiscard]] fs::path original(const Uuid& clip) const {
        return root() / database.query("SELECT path FROM originals WHERE id = '" + to_string(clip) + "'");
    }
    [[nodiscard]] fs::path receipt_of(const Uuid& clip) const {
        return receipt::receipt_path(original(clip));
    }
    static void flip(const fs::path& path, std::streamoff place) {
        std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
        file.seekg(place);
        const char byte = static_cast<char>(file.get() ^ 0x40);
        file.seekp(place);
        file.put(byte);
        REQUIRE(file.good());
    }
    [[nodiscard]] std::string damage(const Uuid& clip) { return read(clip).damage; }

    Uuid played;
    Uuid kept;
    check::Summary last;
    std::vector<check::Finding> findings;
};

/// The archive's volume in a second, empty database.
struct Rebuilt {
    explicit Rebuilt(Archive& archive) : archive_(archive) {
        present = archive.inventory;
        present.volumes.clear();
    }
    Result<check::RebuildSummary> run() {
        return check::rebuild(super, archive_.volumes(), present, archive_.clock, notes);
    }
    [[nodiscard]] std::vector<std::string> differences() const {
        return compare_catalogues(archive_.database, database);
    }

    Database database{};
    catalogue::Pool super{database.conninfo("sluice_super"), 1};
    catalogue::Inventory present;
    Notes notes;

private:
    Archive& archive_;
};

}  // namespace

TEST_CASE(
    "a received file in step with its row is clean at every depth, and read",
    "[pg][check][contractor]"
) {
    Archive stage;
    for (const Depth depth : {Depth::names, Depth::sizes, Depth::hashes})
        CHECK(stage.found(depth).empty());
    const check::VolumeSummary& volume = stage.last.volumes.at(0);
    CHECK(volume.rows == 5);   // three segments, two files
    CHECK(volume.files == 7);  // and two receipts
    CHECK(
        volume.bytes == std::stoull(stage.database.query("SELECT sum(bytes) FROM (SELECT bytes FROM segments "
                                                         "UNION ALL SELECT bytes FROM originals) n"))
    );
    CHECK(stage.found(Depth::hashes, "drive-left").empty());
    CHECK(stage.last.volumes.at(0).files == 0);
}

TEST_CASE("a received file that is gone, cut or changed is found and marked", "[pg][check][contractor]") {
    Archive stage;
    fs::resize_file(stage.original(stage.kept), 1000);
    CHECK(stage.found(Depth::names).empty());
    CHECK(stage.found(Depth::sizes) == "size_differs");
    CHECK(stage.damage(stage.kept) == "content");
    CHECK(stage.found(Depth::names) == "marked_damaged");

    const fs::path path = stage.original(stage.played);
    Archive::flip(path, 5000);
    CHECK(stage.found(Depth::sizes, "lobby-1") == "size_differs marked_damaged");
    CHECK(stage.damage(stage.played).empty());
    CHECK(stage.found(Depth::hashes) == "hash_differs size_differs marked_damaged hash_differs");
    CHECK(stage.damage(stage.played) == "content");

    fs::remove(path);
    CHECK(stage.found(Depth::names) == "row_without_file marked_damaged marked_damaged");
    CHECK(stage.findings.at(0).segment_id == stage.played);
    CHECK(stage.damage(stage.played) == "content");  // the first mark stays
    // It is open until somebody has sent it again or its time is over.
    CHECK(stage.count("originals", "damaged_at IS NOT NULL") == "2");
}

TEST_CASE(
    "what lies in imported/ without a row is told once no import is under way",
    "[pg][check][contractor]"
) {
    Archive stage;
    const fs::path stranger = stage.original(stage.kept).parent_path() / "notes.txt";
    std::ofstream{stranger} << "x";
    CHECK(stage.found(Depth::names) == "unknown_file");
    fs::remove(stranger);
    // As an attempt leaves them that was killed before its one transaction.
    const auto clip = stage.receive("mp4", days{41}, days{3});
    stage.files.die_at_nth_call(20);
    CHECK_FALSE(stage.try_import(clip.id));
    stage.files.heal();
    CHECK(stage.found(Depth::names).empty());
    stage.database.execute(
        "UPDATE contractor_clips SET state = 'quarantined', ended_at = now(), reason_code = 'X', reason = "
        "'x' WHERE "
        "id = '" +
        to_string(clip.id) + "'"
    );
    CHECK(stage.found(Depth::names).find("file_without_row") != std::string::npos);
    // A receipt that is gone or not what was written is told: a rebuild would not find its clip.
    stage.database.execute(
        "UPDATE contractor_clips SET state = 'received', ended_at = NULL, reason_code = '', "
        "reason = '' WHERE id = '" +
        to_string(clip.id) + "'"
    );
    Archive::flip(stage.receipt_of(stage.kept), 400);
    CHECK(stage.found(Depth::hashes) == "unreadable_file");
    fs::remove(stage.receipt_of(stage.kept));
    CHECK(stage.found(Depth::names) == "row_without_file");
    CHECK(stage.damage(stage.kept).empty());
}

TEST_CASE(
    "the scrub reads received files in their place, and marks what changed",
    "[pg][scrub][contractor]"
) {
    Archive stage;
    Archive::flip(stage.original(stage.kept), 5000);
    fs::remove(stage.original(stage.played));
    Notes notes;
    const auto volume = stage.volumes().volumes.at(0);
    // Stopped in its middle and gone on with: every file is read, and none is told twice.
    notes.calls_left = 3;
    const auto stopped = check::scrub(stage.worker, volume, stage.clock, notes);
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().remedy() == Remedy::cancelled);
    notes.calls_left = 1'000'000;
    const auto cycle = take(check::scrub(stage.worker, volume, stage.clock, notes));
    CHECK(cycle.segments == 3);
    CHECK(cycle.damaged == 2);
    CHECK(notes.kinds() == "row_without_file hash_differs");
    CHECK(stage.damage(stage.kept) == "content");
    CHECK(stage.damage(stage.played) == "lost");
}

TEST_CASE(
    "the contractor's clips come back with receipt, hashes and segments, row by row",
    "[pg][check][rebuild][contractor]"
) {
    Archive stage;
    Rebuilt rebuilt{stage};
    for (const std::uint64_t calls : {0U, 1U}) {  // it may be interrupted at each clip
        rebuilt.notes.calls_left = calls;
        REQUIRE_FALSE(rebuilt.run());
    }
    rebuilt.notes.calls_left = 1000;
    const auto done = rebuilt.run();
    if (!done) FAIL(done.error().describe());
    CHECK(rebuilt.notes.findings.empty());
    CHECK(rebuilt.differences() == std::vector<std::string>{});
    // The floor counts from the receipt, which only the receipt's paper tells.
    CHECK(
        rebuilt.database.query(
            "SELECT count(*) FROM originals WHERE received_at >= from_us(" +
            std::to_string(to_epoch_us(kPurgeNow - days{3})) + ")"
        ) == "2"
    );
    catalogue::Pool worker{rebuilt.database.conninfo("sluice_worker"), 1};
    Notes notes;
    take(check::run_check(worker, stage.volumes(), {.depth = Depth::hashes}, stage.clock, notes));
    CHECK(notes.kinds().empty());
    // The camera is a proposal of an account that is over.
    CHECK(
        rebuilt.database.query(
            "SELECT c.slug || ' ' || c.state || ' ' || (p.valid_to IS NOT NULL)::text FROM "
            "contractor_cameras c JOIN principals p ON p.id = c.principal_id"
        ) == "lobby-1 proposed true"
    );
    CHECK(rebuilt.database.query("SELECT count(*) FROM credentials") == "0");
}

TEST_CASE(
    "without configuration a clip's receipt names its camera, as one that has left",
    "[pg][check][rebuild][contractor]"
) {
    Archive stage;
    Rebuilt rebuilt{stage};
    rebuilt.present = {};
    REQUIRE(rebuilt.run());
    CHECK(
        rebuilt.database.query("SELECT slug || ' ' || (retired_at IS NOT NULL)::text FROM cameras") ==
        "lobby-1 true"
    );
    CHECK(rebuilt.database.query("SELECT count(*) FROM originals") == "2");
    CHECK(rebuilt.database.query("SELECT count(*) FROM segments") == "3");
}

TEST_CASE(
    "what a receipt names and is not there is told, and the rest is taken in",
    "[pg][check][rebuild][contractor]"
) {
    Archive stage;
    const std::string segment = stage.database.query("SELECT path FROM segments ORDER BY from_at LIMIT 1");
    const fs::path original = stage.original(stage.kept);
    fs::remove(stage.root() / segment);
    fs::remove(original);
    Archive::flip(stage.original(stage.played), 5000);  // what rotted is found by the check after it
    Rebuilt rebuilt{stage};
    REQUIRE(rebuilt.run());
    CHECK(rebuilt.notes.kinds() == "row_without_file row_without_file");
    CHECK(rebuilt.database.query("SELECT count(*) FROM originals") == "1");
    CHECK(rebuilt.database.query("SELECT count(*) FROM contractor_clips WHERE state = 'imported'") == "2");
    CHECK(rebuilt.database.query("SELECT count(*) FROM imported_segments") == "2");
    catalogue::Pool worker{rebuilt.database.conninfo("sluice_worker"), 1};
    Notes notes;
    take(check::run_check(worker, stage.volumes(), {.depth = Depth::hashes}, stage.clock, notes));
    CHECK(notes.kinds() == "hash_differs file_without_row");  // the other clip's receipt has no file
}

TEST_CASE(
    "files whose receipt is gone or changed have no custody: they are left, and told",
    "[pg][check][rebuild][contractor]"
) {
    Archive stage;
    fs::remove(stage.receipt_of(stage.played));
    Archive::flip(stage.receipt_of(stage.kept), 400);
    Rebuilt rebuilt{stage};
    const auto done = rebuilt.run();
    REQUIRE(done);
    CHECK(done->clips == 0);
    CHECK(
        rebuilt.notes.kinds() ==
        "unreadable_file file_without_row file_without_row file_without_row file_without_row file_without_row"
    );
    CHECK(stage.imported_files().size() == 6);
}

TEST_CASE("a camera goes to another machine account only when its own is over", "[pg][contractor]") {
    ContractorStage stage;
    const Uuid other = make_uuid_v7(kPurgeNow);
    stage.database.execute(
        "INSERT INTO principals (id, kind, name, roles, valid_from) VALUES ('" + to_string(other) +
        "', 'machine', 'huimin-2', '{contractor}', '2026-01-01')"
    );
    const auto take_over = [&](const Uuid& to) {
        return take(catalogue::take_over_camera(stage.api, stage.camera_id, to, contractor_act(), kPurgeNow));
    };
    CHECK_FALSE(take_over(other));
    stage.database.execute(
        "UPDATE principals SET valid_to = from_us(" + std::to_string(to_epoch_us(kPurgeNow)) +
        ") WHERE id = '" + to_string(stage.machine) + "'"
    );
    CHECK_FALSE(take_over(stage.machine));
    CHECK_FALSE(take_over(stage.keeper));  // no machine of the contractor
    CHECK(take_over(other));
    CHECK_FALSE(take_over(other));
    const auto camera = take(catalogue::find_contractor_camera(stage.api, "lobby-1")).value();
    CHECK(camera.principal_id == other);
    CHECK(camera.state == catalogue::AnnouncedState::proposed);
    CHECK(camera.in_force);
}

}  // namespace sluice::contractor
