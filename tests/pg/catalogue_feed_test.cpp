#include "daemon/catalogue_feed.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/studio.hpp"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::daemon {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using test::Media;
using test::Studio;

/// A studio whose segments go into a real database. No thread: the test makes the feed's rounds.
struct Stage {
    explicit Stage(const std::string& clean_mark = {}, seconds segment = seconds{2})
        : studio(segment, 32U << 20U, [&](Studio& made) -> SegmentNews& {
              FeedSettings settings;
              settings.conninfo = database.conninfo("sluice_recorder");
              settings.installation_id = Uuid{{5}};
              settings.clean_mark = clean_mark;
              settings.on_clean_mark = [this](const std::string& day) { marks.push_back(day); };
              feed = std::make_unique<CatalogueFeed>(std::move(settings), *made.files, made.clock);
              return *feed;
          }) {
        catalogue::Inventory inventory;
        inventory.recorders = {{Uuid{{2}}, Uuid{{5}}, "xvr-1", "錄影主機", "dahua"}};
        catalogue::CameraRow camera;
        camera.id = studio.identity.camera_id;
        camera.recorder_id = Uuid{{2}};
        camera.slug = studio.identity.camera_slug;
        camera.name = studio.identity.camera_name;
        inventory.cameras = {camera};
        inventory.streams = {{studio.identity.stream_id, camera.id, StreamKind::main}};
        feed->set_inventory(inventory);
        feed->watch(*studio.worker);
    }

    void pass() {
        const Status done = feed->pass();
        if (!done) FAIL(done.error().describe());
    }
    void play(std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i)
            studio.send(Studio::unit(media, i), Studio::interval(media));
    }
    [[nodiscard]] std::string count(const std::string& where) const {
        return database.query("SELECT count(*) FROM segments WHERE " + where);
    }
    [[nodiscard]] std::vector<fs::path> files(const std::string& extension) const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::recursive_directory_iterator{studio.folder.path() / "live"})
            if (entry.path().extension() == extension) found.push_back(entry.path());
        return found;
    }
    /// The volume is unmounted (its identity can't be found), or mounted again.
    void set_mounted(bool is_mounted) {
        const fs::path here = studio.folder.path() / "sluice-volume.json";
        const fs::path away = studio.folder.path() / "away";
        fs::rename(is_mounted ? away : here, is_mounted ? here : away);
        studio.idle(seconds{3});
    }

    test::Database database;
    std::vector<std::string> marks;
    std::unique_ptr<CatalogueFeed> feed;
    Studio studio;
    Media media = test::make_media({.seconds = 8});
};

TEST_CASE(
    "I12: a .part that a vanished volume left behind is adopted by the living recorder when the volume is "
    "back",
    "[pg][daemon][feed]"
) {
    Stage stage;
    stage.play(0, 30);
    stage.pass();
    CHECK(stage.count("state = 'open'") == "1");
    stage.set_mounted(false);
    CHECK(stage.files(".part").size() == 1);
    stage.pass();
    CHECK(stage.count("state = 'finished'") == "0");
    stage.set_mounted(true);
    stage.pass();
    CHECK(stage.files(".part").empty());
    CHECK(stage.count("state = 'finished'") == "1");
    CHECK(stage.count("state = 'open'") == "0");
    stage.play(30, 130);
    stage.studio.stop();
    stage.pass();
    stage.pass();
    CHECK(stage.files(".part").empty());
    // What was being written while the folders were listed again was nobody's orphan.
    CHECK(stage.count("state = 'suspect'") == "0");
    CHECK(std::stoul(stage.count("state = 'finished'")) == stage.files(".mp4").size());
}

TEST_CASE(
    "I12: an orphan that can't be read now is tried again, and the clean mark waits for it",
    "[pg][daemon][feed]"
) {
    Stage stage;
    stage.play(0, 30);
    stage.pass();
    stage.marks.clear();
    stage.set_mounted(false);
    stage.studio.clock.pass(std::chrono::hours{48});
    stage.studio.files->fail_nth(test::Call::open_existing, 1);
    stage.set_mounted(true);
    stage.pass();
    CHECK(stage.files(".part").size() == 1);
    CHECK(stage.count("state = 'finished'") == "0");
    CHECK(stage.marks.empty());
    stage.pass();
    CHECK(stage.files(".part").size() == 1);  // not in every round
    stage.studio.idle(seconds{61});
    stage.pass();
    CHECK(stage.files(".part").empty());
    CHECK(stage.count("state = 'finished'") == "1");
    CHECK(stage.marks.size() == 1);
}

TEST_CASE("a clean mark in the future is cleared, now and for the next start", "[pg][daemon][feed]") {
    Stage stage{"2031-01-01"};
    stage.play(0, 130);
    stage.studio.stop();
    stage.pass();
    REQUIRE(stage.marks.size() == 2);
    CHECK(stage.marks[0].empty());
    CHECK(stage.marks[1] == to_utc_day(stage.studio.clock.wall - std::chrono::days{1}));
}

TEST_CASE("I12: a volume that vanishes while its folders are listed is listed again", "[pg][daemon][feed]") {
    Stage stage;
    stage.play(0, 130);
    // The process's own knowledge is gone, as after a kill; only the folders know of the files.
    stage.pass();
    stage.database.execute("DELETE FROM segment_index; DELETE FROM segments");
    stage.marks.clear();
    stage.studio.clock.pass(std::chrono::hours{48});
    stage.feed->on_left(Uuid{{99}});
    const fs::path live = stage.studio.folder.path() / "live";
    const fs::path here = stage.studio.folder.path() / "sluice-volume.json";
    fs::rename(live, stage.studio.folder.path() / "hidden");
    fs::rename(here, stage.studio.folder.path() / "away");  // the worker has not looked yet
    stage.pass();
    CHECK(stage.marks.empty());
    fs::rename(stage.studio.folder.path() / "hidden", live);
    fs::rename(stage.studio.folder.path() / "away", here);
    stage.studio.idle(seconds{61});
    for (int round = 0; round < 3; ++round)
        stage.pass();
    CHECK(std::stoul(stage.count("state = 'finished'")) >= 2);
}

TEST_CASE("an open segment's row moves with every sync, and finishes once", "[pg][daemon][feed]") {
    Stage stage{{}, seconds{60}};
    std::string before;
    int moves = 0;
    for (std::size_t at = 0; at < 200; at += 25) {
        stage.play(at, at + 25);
        stage.pass();
        const std::string now =
            stage.database.query("SELECT max(to_us(to_at)) FROM segments WHERE state = 'open'");
        if (!before.empty() && !now.empty() && now > before) ++moves;
        before = now;
    }
    CHECK(moves >= 2);
    stage.studio.stop();
    stage.pass();
    CHECK(stage.count("state = 'open'") == "0");
    CHECK(std::stoul(stage.count("state = 'finished'")) == stage.files(".mp4").size());
}

}  // namespace
}  // namespace sluice::daemon
