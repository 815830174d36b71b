// An empty catalogue filled from files and journals is the one it replaces, row by row.
#include "tests/pg/check_stage.hpp"
#include "tests/support/catalogue_rows.hpp"

namespace sluice::check {
namespace {

using test::CheckStage;
using test::Notes;

/// The stage's volume in a second, empty database.
struct Rebuilt {
    explicit Rebuilt(CheckStage& stage, bool keeps_configuration = true) : stage_(stage) {
        if (keeps_configuration) present = stage.inventory;
        present.volumes.clear();
    }
    Result<RebuildSummary> run() { return rebuild(super, stage_.volumes(), present, stage_.clock, notes); }
    /// Differences to the first catalogue, table by table.
    [[nodiscard]] std::vector<std::string> differences() const {
        return test::compare_catalogues(stage_.database, database);
    }

    test::Database database{};
    catalogue::Pool super{database.conninfo("sluice_super"), 1};
    catalogue::Inventory present;
    Notes notes;

private:
    CheckStage& stage_;
};

TEST_CASE(
    "a rebuilt catalogue equals the one it replaces row by row, and is unconfirmed",
    "[pg][check][rebuild]"
) {
    CheckStage stage;
    Rebuilt rebuilt{stage};
    const auto done = rebuilt.run();
    REQUIRE(done);
    CHECK(done->segments == 4);
    CHECK(done->journal_lines == 4);
    CHECK(rebuilt.notes.findings.empty());
    CHECK(rebuilt.differences() == std::vector<std::string>{});
    const auto state = catalogue::load_catalogue_state(rebuilt.super);
    REQUIRE(state);
    CHECK_FALSE(state->is_confirmed);
    CHECK(state->rebuild_ended);
    const auto before = catalogue::load_catalogue_state(stage.worker);
    REQUIRE(before);
    CHECK(before->is_confirmed);
}

TEST_CASE(
    "a rebuild is refused for a catalogue that has footage, and changes nothing there",
    "[pg][check][rebuild]"
) {
    CheckStage stage;
    catalogue::Pool super{stage.database.conninfo("sluice_super"), 1};
    Notes notes;
    const auto refused = rebuild(super, stage.volumes(), stage.inventory, stage.clock, notes);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::refuse);
    CHECK(refused.error().label() == "not_empty");
    CHECK(catalogue::load_catalogue_state(super)->is_confirmed);
}

TEST_CASE("an interrupted rebuild goes on, beside a recorder that writes again", "[pg][check][rebuild]") {
    CheckStage stage;
    Rebuilt rebuilt{stage};
    for (const std::uint64_t calls : {0U, 1U, 3U, 5U, 6U}) {
        rebuilt.notes.calls_left = calls;
        const auto stopped = rebuilt.run();
        REQUIRE_FALSE(stopped);
        CHECK(stopped.error().remedy() == Remedy::cancelled);
    }
    catalogue::Pool recorder{rebuilt.database.conninfo("sluice_recorder"), 1};
    REQUIRE(catalogue::save_inventory(recorder, stage.inventory, stage.clock.now()));
    rebuilt.notes.calls_left = 1000;
    REQUIRE(rebuilt.run());
    CHECK(rebuilt.differences() == std::vector<std::string>{});
    const auto again = rebuilt.run();
    REQUIRE_FALSE(again);
    CHECK(again.error().label() == "not_empty");
}

TEST_CASE(
    "without configuration the files name camera and stream, as one that has left",
    "[pg][check][rebuild]"
) {
    CheckStage stage;
    Rebuilt rebuilt{stage, false};
    REQUIRE(rebuilt.run());
    CHECK(
        rebuilt.database.query("SELECT slug || ' ' || name || ' ' || to_us(retired_at) FROM cameras") ==
        "drive-left 迎賓車道左側 " + std::to_string(to_epoch_us(stage.finished.back().range.to))
    );
    CHECK(rebuilt.database.query("SELECT count(*) FROM segments WHERE state = 'finished'") == "4");
    CHECK(rebuilt.database.query("SELECT count(*) FROM recorder_events WHERE kind = 'unplaced'") == "0");
    CHECK(rebuilt.database.query("SELECT count(*) FROM gaps") == "1");
}

TEST_CASE(
    "what rotted before the rebuild is found by the check after it: the next file knows the hash",
    "[pg][check][rebuild][I9]"
) {
    CheckStage stage;
    stage.flip(1, stage.finished[1].index.fragments[1].data_offset + 100);
    Rebuilt rebuilt{stage};
    REQUIRE(rebuilt.run());
    CHECK(rebuilt.differences() == std::vector<std::string>{});
    catalogue::Pool worker{rebuilt.database.conninfo("sluice_worker"), 1};
    Notes notes;
    REQUIRE(run_check(worker, stage.volumes(), {.depth = Depth::hashes}, stage.clock, notes));
    CHECK(notes.kinds() == "hash_differs");
}

TEST_CASE("a file that can't be read is told and the rest is rebuilt", "[pg][check][rebuild]") {
    CheckStage stage;
    stage.flip(2, 4);  // the type of its first box
    Rebuilt rebuilt{stage};
    const auto done = rebuilt.run();
    REQUIRE(done);
    CHECK(rebuilt.notes.kinds() == "unreadable_box");
    CHECK(done->tally.total() == 1);
    CHECK(done->segments == 3);
}

}  // namespace
}  // namespace sluice::check
