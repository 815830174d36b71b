// `sluice check` over a real volume and a real catalogue: each damage is found, named and marked, and nothing
// else.
#include "storage/check/report.hpp"
#include "storage/segment/copy.hpp"
#include "tests/pg/check_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::check {
namespace {

using test::CheckStage;
using test::Notes;
namespace fs = std::filesystem;

constexpr std::array kDepths{Depth::names, Depth::sizes, Depth::hashes};

TEST_CASE("a volume and a catalogue in step are clean at every depth, and nothing is marked", "[pg][check]") {
    CheckStage stage;
    for (const Depth depth : kDepths)
        CHECK(stage.found(depth).empty());
    REQUIRE(stage.last.volumes.size() == 1);
    const VolumeSummary& volume = stage.last.volumes[0];
    CHECK(volume.files == 4);
    CHECK(volume.rows == 4);
    CHECK(volume.journal_lines == 4);
    CHECK(volume.torn_lines == 0);
    std::uint64_t bytes = 0;
    for (const auto& segment : stage.finished)
        bytes += segment.index.end_bytes;
    CHECK(volume.bytes == bytes);
    CHECK(stage.database.query("SELECT count(*) FROM segment_damage") == "0");
}

TEST_CASE("a file without row and a row without file are found by their names", "[pg][check]") {
    CheckStage stage;
    const fs::path lost = stage.path(1);
    fs::rename(lost, stage.root() / "elsewhere.mp4");
    stage.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; DELETE FROM segments WHERE sequence = 2; ALTER TABLE "
        "segments ENABLE TRIGGER USER"
    );
    CHECK(stage.found(Depth::names) == "row_without_file file_without_row");
    CHECK(stage.last_findings[0].segment_id == stage.finished[1].info.segment_id);
    // All of it is lost, and a clip over it will say so.
    const catalogue::Damage whole{
        .from = 0, .to = stage.finished[1].index.end_bytes, .kind = catalogue::DamageKind::lost
    };
    CHECK(stage.last_findings[0].damage == std::vector{whole});
    CHECK(stage.is_marked(1));
    CHECK(stage.last_findings[1].segment_id == stage.finished[2].info.segment_id);
    // A tombstone says that the file should be gone.
    stage.database.execute(
        "INSERT INTO tombstones (segment_id, stream_id, from_at, to_at, bytes, rule, run, at) SELECT '" +
        to_string(stage.finished[2].info.segment_id) +
        "', stream_id, from_at, to_at, 1, 'test', '', now() FROM segments LIMIT 1"
    );
    CHECK(stage.found(Depth::names) == "row_without_file destroyed_file");
}

TEST_CASE("a volume that goes away during a check takes no file's good name with it", "[pg][check][I10]") {
    CheckStage stage;
    fs::remove(stage.path(1));
    fs::rename(stage.root() / volume::kIdentityFile, stage.root() / "elsewhere.json");
    Notes notes;
    const auto ended = run_check(stage.worker, stage.volumes(), {.depth = Depth::names}, stage.clock, notes);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().label() == "volume_missing");
    CHECK_FALSE(stage.is_marked(1));
}

TEST_CASE("what is on its way between disk and catalogue is no finding", "[pg][check]") {
    CheckStage stage;
    stage.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; DELETE FROM segments WHERE sequence = 3; ALTER TABLE "
        "segments ENABLE TRIGGER USER"
    );
    Notes notes;
    // With the clock of the files the last one was finished a moment ago: its row comes.
    const RealClock now;
    const auto summary = run_check(stage.worker, stage.volumes(), {}, now, notes);
    REQUIRE(summary);
    CHECK(notes.kinds().empty());
    CHECK(stage.found(Depth::names) == "file_without_row");
}

TEST_CASE("a shorter file is found by sizes, and a clip over it will say so", "[pg][check]") {
    CheckStage stage;
    fs::resize_file(stage.path(2), 1000);
    CHECK(stage.found(Depth::names).empty());
    CHECK(stage.found(Depth::sizes) == "size_differs");
    CHECK(stage.is_marked(2));
    CHECK_FALSE(stage.is_marked(1));
    const auto damage = catalogue::load_damage(stage.worker, stage.finished[2].info.segment_id);
    REQUIRE(damage);
    REQUIRE(damage->size() == 1);
    CHECK(
        (*damage)[0] ==
        catalogue::Damage{1000, stage.finished[2].index.end_bytes, catalogue::DamageKind::lost}
    );
}

TEST_CASE(
    "bit rot in a box, in a picture and in the index table is found, placed and marked",
    "[pg][check]"
) {
    CheckStage stage;
    const std::uint64_t head = stage.finished[0].index.fragments[1].offset + 60;
    const std::uint64_t picture = stage.finished[1].index.fragments[1].data_offset + 100;
    stage.flip(0, head);
    stage.flip(1, picture);
    stage.database.execute(
        "UPDATE segment_index SET data = set_byte(data, 20, get_byte(data, 20) # 1) WHERE segment_id = '" +
        to_string(stage.finished[2].info.segment_id) + "'"
    );
    CHECK(stage.found(Depth::sizes).empty());
    CHECK(stage.found(Depth::hashes) == "unreadable_box hash_differs index_differs");
    const auto& findings = stage.last_findings;
    CHECK(findings[0].damage == std::vector{catalogue::Damage{head, head + 1, catalogue::DamageKind::box}});
    REQUIRE(findings[1].damage.size() == 1);
    CHECK(findings[1].damage[0].kind == catalogue::DamageKind::content);
    REQUIRE(findings[2].damage.size() == 1);
    CHECK(findings[2].damage[0].kind == catalogue::DamageKind::index);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(stage.is_marked(i) == (i < 3));
    // From now on every depth says so; marking again changes nothing.
    CHECK(stage.found(Depth::names) == "marked_damaged marked_damaged marked_damaged");
    CHECK(stage.last_findings[0].damage == findings[0].damage);
    const std::string marks = stage.database.query("SELECT count(*) FROM segment_damage");
    CHECK(stage.found(Depth::hashes).find("unreadable_box") != std::string::npos);
    CHECK(stage.database.query("SELECT count(*) FROM segment_damage") == marks);
}

TEST_CASE("a row whose hash was changed breaks the chain that the next file carries", "[pg][check][I9]") {
    CheckStage stage;
    stage.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; UPDATE segments SET sha256 = sha256('other') WHERE "
        "sequence = 1; "
        "ALTER TABLE segments ENABLE TRIGGER USER"
    );
    CHECK(stage.found(Depth::hashes) == "hash_differs chain_broken");
    CHECK(stage.last_findings[1].segment_id == stage.finished[2].info.segment_id);
}

TEST_CASE("journal lines that the catalogue lacks are found, each as it stands", "[pg][check][I13]") {
    CheckStage stage;
    stage.database.execute(
        "DELETE FROM gaps; DELETE FROM recorder_events; UPDATE runs SET to_at = NULL, end_cause = NULL"
    );
    CHECK(stage.found(Depth::names) == "journal_line_missing journal_line_missing journal_line_missing");
    CHECK(stage.last_findings[1].detail.find("run_ended") != std::string::npos);
    // A torn last line is what a crash leaves: it was never promised.
    std::ofstream{stage.root() / "journal" / "2026-11-23.jsonl", std::ios::app} << "{\"torn\n";
    static_cast<void>(stage.found(Depth::names));
    CHECK(stage.last.volumes[0].torn_lines == 1);
    CHECK(stage.last.tally.total() == 3);
}

TEST_CASE("left-over and foreign files are found, and nothing is taken off the disk", "[pg][check][I12]") {
    CheckStage stage;
    const fs::path part = stage.path(3).string() + ".part";
    fs::copy_file(stage.path(0), part);
    std::ofstream{stage.path(0).parent_path() / "notes.txt"} << "x";
    std::ofstream{stage.root() / "live" / "2026-11-23" / "stray"} << "x";
    fs::last_write_time(part, fs::file_time_type::clock::now() - std::chrono::minutes{10});
    const auto before = test::footage::files_below(stage.root());
    CHECK(stage.found(Depth::hashes) == "left_over_part unknown_file unknown_file");
    CHECK(test::footage::files_below(stage.root()) == before);
}

TEST_CASE("a suspect file is a finding until its readable part is copied", "[pg][check][I4]") {
    CheckStage stage;
    const fs::path suspect = stage.finished[3].path.string() + ".suspect";
    fs::rename(stage.path(3), stage.root() / suspect);
    stage.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; UPDATE segments SET state = 'suspect', path = path || "
        "'.suspect' "
        "WHERE sequence = 3; ALTER TABLE segments ENABLE TRIGGER USER"
    );
    CHECK(stage.found(Depth::names) == "left_over_suspect");
    const auto copied = segment::copy_readable(stage.files, stage.root(), suspect);
    REQUIRE(copied);
    CHECK(copied->path == segment::copy_path(suspect));
    REQUIRE(catalogue::save_copy(
        stage.worker,
        {.segment_id = stage.finished[3].info.segment_id,
         .from = stage.finished[3].range.from,
         .volume_id = stage.volume_id,
         .path = copied->path,
         .bytes = copied->index.end_bytes,
         .sha256 = copied->sha256,
         .to = copied->range.to,
         .problem = {}}
    ));
    CHECK(stage.found(Depth::hashes).empty());
    fs::resize_file(stage.root() / copied->path, 500);
    CHECK(stage.found(Depth::names).empty());
    CHECK(stage.found(Depth::sizes) == "size_differs");
    fs::remove(stage.root() / copied->path);
    CHECK(stage.found(Depth::names) == "row_without_file");
}

TEST_CASE("a check can be narrowed to a time and a camera", "[pg][check]") {
    CheckStage stage;
    for (std::size_t i = 0; i < 4; ++i)
        stage.flip(i, stage.finished[i].index.fragments[0].data_offset + 50);
    Notes notes;
    Settings settings{
        .depth = Depth::hashes, .from = stage.finished[1].range.from, .to = stage.finished[2].range.to
    };
    settings.marks_damage = false;
    static_cast<void>(stage.run(settings, notes));
    CHECK(notes.kinds() == "hash_differs hash_differs");
    CHECK_FALSE(stage.is_marked(1));
    // Two of four files: the progress counts to what will be read, and gets there.
    CHECK(notes.total_bytes == stage.finished[1].index.end_bytes + stage.finished[2].index.end_bytes);
    CHECK(notes.bytes == notes.total_bytes);
    settings.camera_slug = "another";
    Notes none;
    const Summary summary = stage.run(settings, none);
    CHECK(none.kinds().empty());
    CHECK(none.total_bytes == 0);
    CHECK(summary.volumes[0].rows == 0);
}

TEST_CASE("a check that is stopped ends at once and says so", "[pg][check]") {
    CheckStage stage;
    Notes notes;
    notes.calls_left = 3;
    const auto stopped =
        run_check(stage.worker, stage.volumes(), {.depth = Depth::hashes}, stage.clock, notes);
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().remedy() == Remedy::cancelled);
}

TEST_CASE("the report is one JSON object whose counts are those of the findings", "[pg][check]") {
    CheckStage stage;
    stage.flip(0, stage.finished[0].index.fragments[0].offset);
    fs::remove(stage.path(3));
    static_cast<void>(stage.found(Depth::hashes));
    const auto report = nlohmann::json::parse(to_json(stage.last, stage.last_findings, 5));
    CHECK(report["format"] == 1);
    CHECK(report["depth"] == "hashes");
    CHECK(report["clean"] == false);
    CHECK(report["counts"] == nlohmann::json{{"row_without_file", 1}, {"unreadable_box", 1}});
    CHECK(report["findings"].size() == 2);
    CHECK(report["findings_left_out"] == 5);
    CHECK(report["findings"][1]["damage"][0]["what"] == "box");
    CHECK(to_text(stage.last).find("2 findings at depth hashes") != std::string::npos);
}

TEST_CASE(
    "volumes that are not there are said, and an unknown disk is not taken for one",
    "[pg][check][I10]"
) {
    CheckStage stage;
    const test::TempFolder bare;
    const auto found = find_volumes(stage.worker, {stage.root(), bare.path()});
    REQUIRE(found);
    CHECK(found->volumes.size() == 1);
    REQUIRE(found->missing.size() == 1);
    CHECK(found->missing[0].volume == bare.path());
    const auto other = find_volumes(stage.worker, {bare.path()});
    REQUIRE(other);
    CHECK(other->volumes.empty());
    // The catalogue's own volume is missing too when another of its installation is configured.
    stage.database.execute(
        "INSERT INTO volumes (id, installation_id, path) VALUES (gen_random_uuid(), '" +
        to_string(test::footage::make_id(101)) + "', '/mnt/away')"
    );
    const auto third = find_volumes(stage.worker, {stage.root()});
    REQUIRE(third);
    REQUIRE(third->missing.size() == 1);
    CHECK(third->missing[0].volume == "/mnt/away");
}

}  // namespace
}  // namespace sluice::check
