#include "storage/clip/clip.hpp"
#include "tests/pg/clip_stage.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace test;

const Media& with_b_frames() {
    static const Media kMedia = make_media({.b_frames = 2});
    return kMedia;
}

/// Kilobytes this process keeps in memory.
std::uint64_t resident_kb() {
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") {
            std::uint64_t kilobytes = 0;
            status >> kilobytes;
            return kilobytes;
        }
    }
    return 0;
}

TEST_CASE("any range of a clip, read in any steps, is the same bytes", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, with_b_frames(), 0};
    for (int i = 0; i < 40; ++i)
        run.record(50);
    run.end(GapCause::camera_unreachable);
    StageRun after{stage, with_b_frames(), 100};
    for (int i = 0; i < 3; ++i)
        after.record(25);
    after.end(GapCause::shutdown);
    const auto whole = stage.clip(3.3, 101.7);
    const Bytes bytes = read_all(*whole);
    REQUIRE(bytes.size() == whole->size_bytes());
    check_clip(stage, *whole, whole->frames());

    std::mt19937 random{7};
    const auto draw = [&](std::uint64_t limit) {
        return std::uniform_int_distribution<std::uint64_t>{0, limit}(random);
    };
    for (int round = 0; round < 300; ++round) {
        // The head is small beside the data: half of the ranges begin in it.
        const std::uint64_t from = draw(round % 2 == 0 ? 20'000 : bytes.size() - 1);
        const std::uint64_t to = std::min<std::uint64_t>(bytes.size(), from + 1 + draw(60'000));
        const Bytes part = read_range(*whole, from, to, 1 + draw(9'000));
        const bool is_same = std::ranges::equal(
            part, ByteView{bytes}.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from))
        );
        REQUIRE(is_same);
    }
}

TEST_CASE(
    "a clip is the same bytes while its last segment is open, through its rename and after (I18)",
    "[pg][clip]"
) {
    ClipStage stage;
    StageRun run{stage, with_b_frames(), 0};
    run.record(50);
    run.begin();
    run.append(110);
    run.save_open();
    const auto open = stage.clip(0.5, std::nullopt);
    const Request same{
        .stream_id = stage.stream, .from = open->range().from, .to = open->range().to, .run_id = {}
    };
    const std::uint64_t begun = open->size_bytes() / 3;
    Bytes bytes = read_range(*open, 0, begun, 5'000);

    run.append(40);  // goes on being written
    CHECK(read_all(*ClipStage::take_clip(stage.resolve(same))).size() == open->size_bytes());
    run.finish();
    run.record(50);
    run.end(GapCause::shutdown);

    const auto finished = ClipStage::take_clip(stage.resolve(same));
    CHECK(finished->etag() == open->etag());
    CHECK(finished->size_bytes() == open->size_bytes());
    const Bytes rest =
        read_range(*open, begun, open->size_bytes(), 70'000);  // the object from before the rename
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    CHECK(bytes == read_all(*finished));
    check_clip(stage, *finished, finished->frames());
}

TEST_CASE("the same clip is found where the next segment begins early or late (I18)", "[pg][clip]") {
    // The next segment's arrival is not known while this one is open: it may lie before the end its media
    // suggests.
    ClipStage stage;
    const double rate = GENERATE(0.97, 1.0, 1.03);
    StageRun run{stage, with_b_frames(), 0, rate};
    run.record(50);
    run.begin();
    run.append(50);
    run.save_open();
    const auto open = stage.clip(0, std::nullopt);
    run.finish();
    run.record(50);
    run.end(GapCause::shutdown);
    const Request same{
        .stream_id = stage.stream, .from = open->range().from, .to = open->range().to, .run_id = {}
    };
    const auto finished = ClipStage::take_clip(stage.resolve(same));
    CHECK(finished->etag() == open->etag());
    CHECK(finished->frames() == open->frames());
    CHECK(read_all(*finished) == read_all(*open));
}

TEST_CASE("an ETag tells clips apart", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, with_b_frames(), 0};
    run.record(50);
    run.record(50);
    run.end(GapCause::shutdown);
    const std::string all = stage.clip(0, 4)->etag();
    CHECK(all.size() == 64);
    CHECK(stage.clip(0, 4)->etag() == all);
    CHECK(stage.clip(0, 3.9)->etag() != all);
    CHECK(stage.clip(1.5, 4)->etag() != all);
}

TEST_CASE("a day in one clip costs no memory and its first bytes come at once", "[pg][clip][slow]") {
    ClipStage stage;
    const Media minute = make_media({.fps = 25, .gop = 50, .b_frames = 0, .seconds = 60});
    StageRun run{stage, minute, 0};
    const segment::FinishedSegment first = run.record(1500);
    run.save_day(first, 1440);
    run.end(GapCause::shutdown);

    const std::uint64_t before_kb = resident_kb();
    const auto begin = std::chrono::steady_clock::now();
    const auto clip = stage.clip(10, 24 * 3600 - 10);
    static_cast<void>(read_piece(*clip, 0, 64U << 10U));
    const auto first_bytes = std::chrono::steady_clock::now() - begin;
    CHECK(clip->frames() == 1440U * 1500 - 250 - 250);
    CHECK(
        first_bytes < std::chrono::milliseconds{1000}
    );  // a bench measures; this guards against reading it all

    // All of the head, then pieces from everywhere.
    std::uint64_t offset = 0;
    while (offset < clip->size_bytes()) {
        const Result<Piece> piece = clip->read(offset, 1U << 20U);
        REQUIRE(piece);
        if (!std::holds_alternative<Bytes>(*piece)) break;
        offset += std::get<Bytes>(*piece).size();
    }
    for (std::uint64_t part = 0; part < 64; ++part) {
        const std::uint64_t at = offset + (clip->size_bytes() - offset) / 64 * part;
        CHECK(read_piece(*clip, at, 1U << 20U).size() > 1);
    }
    CHECK(resident_kb() < before_kb + 24 * 1024);
    WARN(
        "first bytes after " << std::chrono::duration_cast<std::chrono::milliseconds>(first_bytes).count()
                             << " ms, memory +" << resident_kb() - before_kb << " kB, head " << offset
                             << " bytes"
    );
}

}  // namespace
}  // namespace sluice::clip
