#include "storage/clip/clip.hpp"
#include "tests/pg/clip_stage.hpp"

#include <filesystem>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace test;

TEST_CASE("where nothing was recorded the answer names the gaps' causes", "[pg][clip]") {
    ClipStage stage;
    CHECK(stage.refusal(0, 10).code == "NO_FOOTAGE");
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::auth_failed);
    stage.save_gap(4, 60, GapCause::auth_failed);
    const Refusal refusal = stage.refusal(10, 20);
    CHECK(refusal.code == "NO_FOOTAGE");
    CHECK(refusal.detail == "no footage in the interval: auth_failed");
    REQUIRE(refusal.gaps.size() == 1);
    CHECK(refusal.gaps.front().from == at_second(4));
    CHECK(stage.refusal(-20, 0).code == "NO_FOOTAGE");
    CHECK(stage.refusal(70, 80).gaps.empty());
}

TEST_CASE("an interval that ends before it begins is refused", "[pg][clip]") {
    ClipStage stage;
    const auto resolved = stage.resolve(stage.request(10, 10));
    REQUIRE_FALSE(resolved);
    CHECK(resolved.error().remedy() == Remedy::refuse);
}

TEST_CASE("another picture size inside is not one clip, and its parts are named", "[pg][clip]") {
    ClipStage stage;
    const Media small = make_media({.width = 160, .height = 96});
    StageRun before{stage, plain(), 0};
    before.record(50);
    before.record(50);
    before.end(GapCause::unknown);
    StageRun after{stage, small, 4};
    after.record(50);
    after.end(GapCause::shutdown);
    const Refusal refusal = stage.refusal(1, 5);
    CHECK(refusal.code == "CLIP_NOT_UNIFORM");
    REQUIRE(refusal.intervals.size() == 2);
    CHECK(refusal.intervals[0].range == TimeRange{at_second(1), at_second(4)});
    CHECK(refusal.intervals[0].run_id == before.id());
    CHECK(refusal.intervals[1].range == TimeRange{at_second(4), at_second(5)});
    check_clip(stage, *stage.clip(1, 4), 75);
    check_clip(stage, *stage.clip(4, 5), 25);
}

TEST_CASE("overlapping runs are not one clip; a chosen run is", "[pg][clip]") {
    ClipStage stage;
    StageRun before{stage, plain(), 0};
    before.record(100);
    before.end(GapCause::clock_step);
    StageRun after{stage, plain(), 2};
    after.record(100);
    after.end(GapCause::shutdown);
    const Refusal refusal = stage.refusal(0, 10);
    CHECK(refusal.code == "CLIP_NOT_UNIFORM");
    REQUIRE(refusal.intervals.size() == 2);
    CHECK(refusal.intervals[0].range == TimeRange{at_second(0), at_second(4)});
    CHECK(refusal.intervals[1].range == TimeRange{at_second(2), at_second(6)});
    Request one = stage.request(0, 10);
    one.run_id = after.id();
    const auto clip = ClipStage::take_clip(stage.resolve(one));
    CHECK(clip->range().from == at_second(2));
    check_clip(stage, *clip, 100);
}

TEST_CASE("a gap over twelve hours is not one clip", "[pg][clip]") {
    ClipStage stage;
    StageRun before{stage, plain(), 0};
    before.record(50);
    before.end(GapCause::power);
    StageRun after{stage, plain(), 12 * 3600 + 3};
    after.record(50);
    after.end(GapCause::shutdown);
    const Refusal refusal = stage.refusal(0, 13 * 3600);
    CHECK(refusal.code == "CLIP_NOT_UNIFORM");
    CHECK(refusal.intervals.size() == 2);
}

TEST_CASE("only durable footage: an end past it says how far it goes (I18)", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    run.record(50);
    run.begin();
    run.append(50);
    run.save_open();
    run.append(25);  // written, not durable
    const Refusal refusal = stage.refusal(0, 4.5);
    CHECK(refusal.code == "NOT_YET_DURABLE");
    CHECK(refusal.available_to == at_second(4));
    CHECK(stage.refusal(10, 20).code == "NOT_YET_DURABLE");
    check_clip(stage, *stage.clip(0, 4), 100);
    const auto all = stage.clip(0, std::nullopt);
    CHECK(all->range().to == at_second(4));
    check_clip(stage, *all, 100);

    run.finish();
    // The run goes on, its next segment has nothing durable yet.
    CHECK(stage.refusal(0, 6).code == "NOT_YET_DURABLE");
    run.end(GapCause::shutdown);
    check_clip(stage, *stage.clip(0, 6), 125);
}

TEST_CASE("a file that does not agree with its index gives no false byte", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    const auto segment = run.record(100);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 10);
    const std::filesystem::path file = stage.folder.path() / segment.path;
    const std::uint64_t last_byte = clip->size_bytes() - 1;
    const std::uint64_t data = clip->size_bytes() - mp4::sum_up(segment.index).sample_bytes;

    SECTION("cut off") {
        std::filesystem::resize_file(file, segment.index.end_bytes - 1);
        const auto piece = clip->read(last_byte, 1);
        REQUIRE_FALSE(piece);
        CHECK(piece.error().remedy() == Remedy::abandon_file);
    }
    SECTION("other boxes") {
        std::ofstream out{file, std::ios::binary | std::ios::in};
        out.seekp(static_cast<std::streamoff>(segment.index.fragments.front().data_offset) - 4);
        out.write("free", 4);
        out.close();
        CHECK_FALSE(clip->read(data, 100));
    }
    SECTION("gone") {
        std::filesystem::remove(file);
        CHECK_FALSE(clip->read(data, 100));
    }
    SECTION("a link") {
        const std::filesystem::path elsewhere = stage.folder.path() / "elsewhere.mp4";
        std::filesystem::rename(file, elsewhere);
        std::filesystem::create_symlink(elsewhere, file);
        CHECK_FALSE(clip->read(data, 100));
    }
    CHECK_FALSE(clip->read(clip->size_bytes(), 1));
}

TEST_CASE("footage marked as damaged is not given", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    run.record(50);
    run.record(50);
    run.record(50);
    run.end(GapCause::shutdown);
    stage.database.execute("UPDATE segments SET is_damaged = true WHERE sequence = 1");
    const Refusal refusal = stage.refusal(0, 6);
    CHECK(refusal.code == "FOOTAGE_DAMAGED");
    REQUIRE(refusal.intervals.size() == 1);
    CHECK(refusal.intervals.front().range == TimeRange{at_second(2), at_second(4)});
    check_clip(stage, *stage.clip(0, 2), 50);
    check_clip(stage, *stage.clip(4, 6), 50);
}

}  // namespace
}  // namespace sluice::clip
