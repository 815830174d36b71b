#include "storage/clip/clip.hpp"

#include "tests/pg/clip_stage.hpp"

#include <cmath>
#include <string_view>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace test;

const Media& with_b_frames() {
    static const Media kMedia = make_media({.b_frames = 2});
    return kMedia;
}
const Media& h265() {
    static const Media kMedia = make_media({.codec = Codec::h265, .b_frames = 2});
    return kMedia;
}
/// The same picture with other parameter sets.
const Media& other_sets() {
    static const Media kMedia = make_media({.encoder_options = "ref=3:qp=30"});
    return kMedia;
}

TEST_CASE(
    "a clip inside one segment begins at the key frame before it and ends before its end",
    "[pg][clip]"
) {
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(1.3, 2.7);
    CHECK(clip->range() == TimeRange{at_second(1), at_second(2.7)});
    const Verdict verdict = check_clip(stage, *clip, 43);  // 1.00 … 2.68
    CHECK(verdict.duration_seconds == Approx(43 * 0.04).margin(0.001));
    CHECK(clip->gaps().empty());
}

TEST_CASE("a clip over all of a run shows every picture of it", "[pg][clip]") {
    ClipStage stage;
    const auto media = GENERATE(&plain, &with_b_frames, &h265);
    StageRun run{stage, media(), 0};
    run.record(50);
    run.record(25);
    run.record(25);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(-5, 100);
    const Verdict verdict = check_clip(stage, *clip, 100);
    CHECK(verdict.duration_seconds == Approx(4).margin(0.001));
    CHECK(picture_hashes(stage.folder.path() / "clip.mp4").size() == 100);
}

TEST_CASE("a clip across segments takes parts of the first and the last one", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    for (int i = 0; i < 5; ++i)
        run.record(50);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(3.5, 8.2);
    CHECK(clip->range() == TimeRange{at_second(3), at_second(8.2)});
    const Verdict verdict = check_clip(stage, *clip, 130);  // 3.00 … 8.16
    CHECK(verdict.duration_seconds == Approx(5.2).margin(0.001));
}

TEST_CASE(
    "with B-frames a clip ends before the first unit in decode order shown at its end or later",
    "[pg][clip]"
) {
    ClipStage stage;
    StageRun run{stage, with_b_frames(), 0};
    for (int i = 0; i < 3; ++i)
        run.record(50);
    run.end(GapCause::shutdown);
    const std::vector<mp4::SampleData> samples = to_samples(with_b_frames());
    REQUIRE(samples.front().sample.composition_offset > 0);
    const double to = GENERATE(2.04, 2.5, 3.0, 4.04, 5.31);
    std::uint64_t expected = 0;
    for (std::int64_t ticks = 0; expected < 150; ++expected) {
        const mp4::Sample& sample = samples[expected % samples.size()].sample;
        if (ticks + sample.composition_offset >= std::llround(to * mp4::kTimescale)) break;
        ticks += sample.duration;
    }
    const auto clip = stage.clip(0.05, to);
    CHECK(clip->frames() == expected);
    check_clip(stage, *clip, expected);

    // Begun where the other one ended, nothing is missing between them.
    if (to < 5) {
        const auto next = stage.clip(to, 6);
        CHECK(next->range().from <= clip->range().to);
        check_clip(stage, *next, next->frames());
    }
}

TEST_CASE("a resolved interval asked for again is the same clip", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, with_b_frames(), 0};
    for (int i = 0; i < 4; ++i)
        run.record(50);
    run.end(GapCause::shutdown);
    const double from = GENERATE(-3.0, 0.0, 0.3, 1.99, 2.0, 2.05, 2.5, 4.1);
    const auto first = stage.clip(from, std::nullopt);
    const Request again{
        .stream_id = stage.stream, .from = first->range().from, .to = first->range().to, .run_id = {}
    };
    const auto second = ClipStage::take_clip(stage.resolve(again));
    CHECK(second->range() == first->range());
    CHECK(second->etag() == first->etag());
    CHECK(read_all(*second) == read_all(*first));
}

TEST_CASE("a gap between runs stays a gap in time", "[pg][clip]") {
    ClipStage stage;
    StageRun before{stage, with_b_frames(), 0};
    before.record(50);
    before.record(50);
    before.end(GapCause::camera_unreachable);
    stage.save_gap(4, 34, GapCause::camera_unreachable);
    StageRun after{stage, with_b_frames(), 34};
    after.record(50);
    after.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 100);
    const Verdict verdict = check_clip(stage, *clip, 150);
    CHECK(verdict.duration_seconds == Approx(36).margin(0.001));
    REQUIRE(clip->gaps().size() == 1);
    CHECK(clip->gaps().front().cause == GapCause::camera_unreachable);

    const auto begun_in_the_gap = stage.clip(20, 100);
    CHECK(begun_in_the_gap->range().from > at_second(34));
    CHECK(begun_in_the_gap->frames() == 50);
    const auto ended_in_the_gap = stage.clip(0, 20);
    CHECK(ended_in_the_gap->frames() == 100);
}

TEST_CASE("a gap of eleven hours is one long sample", "[pg][clip]") {
    ClipStage stage;
    StageRun before{stage, plain(), 0};
    before.record(50);
    before.end(GapCause::power);
    StageRun after{stage, plain(), 11 * 3600};
    after.record(50);
    after.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 12 * 3600);
    const Verdict verdict = check_clip(stage, *clip, 100);
    CHECK(verdict.duration_seconds == Approx(11 * 3600 + 2).margin(0.001));
}

TEST_CASE("a change of parameter sets gives a second sample entry and no picture is lost", "[pg][clip]") {
    REQUIRE(plain().format.decoder_config != other_sets().format.decoder_config);
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    run.record(50);
    run.use(other_sets());
    run.record(50);
    run.use(plain());
    run.record(25);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 10);
    check_clip(stage, *clip, 125);
    const Bytes bytes = read_all(*clip);
    std::size_t entries = 0;
    for (std::size_t at = 0; (at = as_text(bytes).find("avcC", at)) != std::string_view::npos; ++at)
        ++entries;
    CHECK(entries == 2);
    const auto hashes = picture_hashes(stage.folder.path() / "clip.mp4");
    CHECK(hashes.size() == 125);
    CHECK(hashes.front() == hashes[100]);  // the first medium again
    CHECK(hashes.front() != hashes[50]);
}

TEST_CASE("a GOP of 30 s is taken from its key frame", "[pg][clip]") {
    ClipStage stage;
    const Media media = make_media({.fps = 10, .gop = 300, .seconds = 60});
    StageRun run{stage, media, 0};
    run.record(300);
    run.record(300);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(29, 31);
    CHECK(clip->range().from == at_second(0));
    const Verdict verdict = check_clip(stage, *clip, 310);
    CHECK(verdict.duration_seconds == Approx(31).margin(0.001));
}

TEST_CASE("a camera whose clock is off stays true to the wall over its runs", "[pg][clip]") {
    ClipStage stage;
    const double rate = GENERATE(0.9, 1.1);  // seconds here per second of the camera's
    StageRun before{stage, plain(), 0, rate};
    before.record(250);  // ten seconds of the camera's
    before.end(GapCause::camera_unreachable);
    StageRun after{stage, plain(), 60, rate};
    after.record(25);
    after.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 100);
    const Verdict verdict = check_clip(stage, *clip, 275);
    CHECK(
        verdict.duration_seconds == Approx(61).margin(0.001)
    );  // 60 s of wall, then the camera's last second
}

TEST_CASE("runs that touch go on without a step back when the media ran ahead", "[pg][clip]") {
    ClipStage stage;
    StageRun before{stage, plain(), 0, 0.9};
    before.record(250);  // nine seconds here
    before.end(GapCause::clock_step);
    StageRun after{stage, plain(), 9};
    after.record(25);
    after.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 100);
    const Verdict verdict = check_clip(stage, *clip, 275);
    CHECK(verdict.duration_seconds == Approx(11).margin(0.001));
}

TEST_CASE("media time lost inside a run comes back at the segment's end", "[pg][clip]") {
    ClipStage stage;
    StageRun run{stage, plain(), 0};
    run.begin();
    run.append(25);
    run.stall(5);
    run.append(25);
    run.finish();
    run.record(25);
    run.stall(3);
    run.record(25);
    run.end(GapCause::shutdown);
    const auto clip = stage.clip(0, 100);
    const Verdict verdict = check_clip(stage, *clip, 100);
    CHECK(verdict.duration_seconds == Approx(12).margin(0.001));
}

}  // namespace
}  // namespace sluice::clip
