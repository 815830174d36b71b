#include "tests/support/studio.hpp"

#include <set>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using std::chrono::seconds;

namespace {

Media plain() {
    return make_media({});
}

Media with_b_frames(Codec codec) {
    MediaParameters parameters;
    parameters.codec = codec;
    parameters.b_frames = 2;
    parameters.seconds = 8;
    return make_media(parameters);
}

}  // namespace

TEST_CASE(
    "every frame of a stream with B-frames is recorded, decodable and in order",
    "[daemon][pipeline][disk]"
) {
    for (const Codec codec : {Codec::h264, Codec::h265}) {
        Studio studio{seconds{3}};
        const Media media = with_b_frames(codec);
        studio.play(media);
        studio.stop();
        CHECK(studio.frames_finished() == media.units.size());
        REQUIRE(studio.news.finished.size() >= 3);
        std::uint64_t decoded = 0;
        for (const auto& segment : studio.news.finished) {
            const Verdict verdict = judge(studio.folder.path() / segment.path);
            CHECK(verdict.errors.empty());
            CHECK(verdict.has_monotone_dts);
            decoded += verdict.frames;
            CHECK(segment.index.samples.front().is_key);  // I7
        }
        CHECK(decoded == media.units.size());
    }
}

TEST_CASE(
    "I6 I9: segments of a run are numbered and carry the hash of the one before",
    "[daemon][pipeline][disk]"
) {
    Studio studio{seconds{2}};
    studio.play(make_media({.seconds = 8}));
    studio.stop();
    const auto& segments = studio.news.finished;
    REQUIRE(segments.size() >= 3);
    for (std::size_t i = 1; i < segments.size(); ++i) {
        CHECK(segments[i].info.sequence == segments[i - 1].info.sequence + 1);
        CHECK(segments[i].info.previous_sha256 == segments[i - 1].sha256);
        CHECK(segments[i].range.from == segments[i - 1].range.to);
        CHECK(segments[i].info.run_id == segments[0].info.run_id);
    }
    CHECK_FALSE(segments[0].info.gap_before);
    CHECK(studio.count_runs() == 1);
}

TEST_CASE(
    "I7: key frames of a camera that keeps its parameter sets in the SDP get them in band",
    "[daemon][pipeline][disk]"
) {
    Studio studio;
    const Media media = make_media({.has_sets_in_band = false});
    const Bytes group = mp4::to_length_prefixed(media.sets);
    studio.play(media);
    studio.stop();
    REQUIRE(studio.news.finished.size() == 1);
    const auto& samples = studio.news.finished[0].index.samples;
    for (std::size_t i = 0; i < samples.size(); ++i)
        CHECK(samples[i].size_bytes == media.units[i].bytes.size() + (samples[i].is_key ? group.size() : 0));
}

TEST_CASE(
    "I1: what arrived more than a second and a frame ago is in the file, at every moment",
    "[daemon][pipeline][disk]"
) {
    for (const unsigned fps : {1U, 5U, 25U}) {
        Studio studio;
        const Media media = make_media({.fps = fps, .gop = 50, .seconds = fps == 1 ? 12U : 6U});
        std::vector<BootTime> whole;  // when a unit's last byte was there
        for (std::size_t i = 0; i < media.units.size(); ++i) {
            // As a real source: a unit is delivered when the first packet of the next one comes.
            studio.idle(Studio::interval(media));
            daemon::AccessUnit unit = Studio::unit(media, i);
            unit.arrival = studio.clock.boot - Studio::interval(media);
            whole.push_back(unit.arrival);
            studio.pipeline->on_access_unit(std::move(unit));
            studio.worker->step();
            const BootTime limit = studio.clock.boot - seconds{1} - Studio::interval(media);
            const auto due =
                std::count_if(whole.begin(), whole.end(), [&](BootTime at) { return at < limit; });
            const std::size_t written =
                studio.news.begun.empty() ? 0 : studio.read_part().index.samples.size();
            CHECK(written >= static_cast<std::size_t>(due));
        }
    }
}

TEST_CASE("frames before the first key frame are a gap with its cause", "[daemon][pipeline][disk]") {
    Studio studio;
    studio.pipeline->resume(
        {Uuid{{1}}, studio.identity.stream_id, studio.clock.wall - seconds{30}, GapCause::recorder_crash, {}}
    );
    const UtcTime start = studio.clock.wall;
    const Media media = plain();
    for (std::size_t i = 5; i < media.units.size(); ++i)
        studio.send(Studio::unit(media, i), Studio::interval(media));
    studio.stop();
    const auto gaps = studio.gaps();
    REQUIRE(gaps.size() >= 2);
    CHECK(gaps[0].cause == GapCause::waiting_key_frame);
    CHECK(gaps[0].range.from == start + Studio::interval(media));
    CHECK(gaps[0].range.to == studio.news.finished.at(0).range.from);
    CHECK(studio.frames_finished() == media.units.size() - 25);
    REQUIRE(studio.news.finished[0].info.gap_before
    );  // I6: the whole stretch, with the cause of its longest part
    CHECK(studio.news.finished[0].info.gap_before->cause == GapCause::recorder_crash);
    CHECK(studio.news.finished[0].info.gap_before->from == start - seconds{30});
}

TEST_CASE(
    "I8: new parameter sets on a key frame begin a segment and lose no frame",
    "[daemon][pipeline][disk]"
) {
    Studio studio;
    const Media before = plain();
    const Media after = make_media({.b_frames = 2});
    REQUIRE(before.sets != after.sets);
    studio.play(before);
    studio.play(after, 4 * 90'000);
    studio.stop();
    REQUIRE(studio.news.finished.size() == 2);
    CHECK(studio.frames_finished() == before.units.size() + after.units.size());
    CHECK(studio.news.finished[0].info.run_id == studio.news.finished[1].info.run_id);
    CHECK(studio.news.finished[1].format == after.format);
    CHECK(studio.gaps().size() == 1);  // the stop's
}

TEST_CASE("I8: another picture size or codec is a new run without a gap", "[daemon][pipeline][disk]") {
    for (const Media& other :
         {make_media({.width = 640, .height = 360}), make_media({.codec = Codec::h265})}) {
        Studio studio;
        studio.play(plain());
        studio.play(other, 4 * 90'000);
        studio.stop();
        REQUIRE(studio.news.finished.size() == 2);
        CHECK(studio.count_runs() == 2);
        CHECK(studio.news.finished[0].info.run_id != studio.news.finished[1].info.run_id);
        CHECK(studio.frames_finished() == plain().units.size() + other.units.size());
        CHECK(studio.gaps().size() == 1);
    }
}

TEST_CASE(
    "I15: a pause becomes a stall, a lost picture a loss; the run goes on",
    "[daemon][pipeline][disk]"
) {
    Studio studio;
    const Media media = plain();
    for (std::size_t i = 0; i < 50; ++i)
        studio.send(Studio::unit(media, i), Studio::interval(media));
    const UtcTime silence = studio.clock.wall;
    studio.idle(seconds{5});
    daemon::AccessUnit late = Studio::unit(media, 50, 5 * 90'000);
    studio.send(std::move(late), Studio::interval(media));
    const UtcTime back = studio.clock.wall;
    daemon::AccessUnit after_loss = Studio::unit(media, 52, 5 * 90'000);
    after_loss.lost_before = true;
    studio.send(std::move(after_loss), 2 * Studio::interval(media));
    studio.stop();
    const auto gaps = studio.gaps();
    REQUIRE(gaps.size() == 3);
    CHECK(gaps[0].cause == GapCause::stream_stalled);
    CHECK(gaps[0].range.from == silence + Studio::interval(media));
    CHECK(gaps[0].range.to == back);
    CHECK(gaps[1].cause == GapCause::packet_loss);
    CHECK(gaps[1].range.length() == Studio::interval(media));
    CHECK(studio.count_runs() == 1);
}

TEST_CASE(
    "I14: a step of the host's clock ends the run at the next key frame and loses no frame",
    "[daemon][pipeline][disk]"
) {
    for (const auto step : {seconds{3600}, seconds{-3600}}) {
        Studio studio;
        const Media media = make_media({.seconds = 8});
        for (std::size_t i = 0; i < media.units.size(); ++i) {
            if (i == 60) studio.clock.wall += step;
            studio.send(Studio::unit(media, i), Studio::interval(media));
        }
        studio.stop();
        CHECK(studio.frames_finished() == media.units.size());
        CHECK(studio.count_runs() == 2);
        const auto gaps = studio.gaps();
        REQUIRE(gaps.size() == (step.count() > 0 ? 2U : 1U));
        if (step.count() > 0) {
            CHECK(gaps[0].cause == GapCause::clock_step);
            CHECK(gaps[0].range.to == studio.news.finished.back().range.from);
        }
        // Within the old run the time is the old one to its end.
        CHECK(studio.news.finished.front().range.length() < seconds{10});
    }
}

TEST_CASE(
    "I16: a slow disk costs whole groups of pictures, counted, with a gap",
    "[daemon][pipeline][disk]"
) {
    const Media media = make_media({.seconds = 8});
    std::size_t media_bytes = 0;
    for (const auto& unit : media.units)
        media_bytes += unit.bytes.size();
    Studio studio{seconds{60}, media_bytes / 4};
    for (std::size_t i = 0; i < media.units.size(); ++i) {
        studio.disk_works = i < 30 || i >= 130;
        studio.send(Studio::unit(media, i), Studio::interval(media));
    }
    studio.stop();
    const auto& counts = studio.pipeline->counts();
    CHECK(counts.frames_dropped > 0);
    CHECK(studio.frames_finished() + counts.frames_dropped == media.units.size());
    const auto gaps = studio.gaps();
    REQUIRE(gaps.size() == 2);
    CHECK(gaps[0].cause == GapCause::disk_slow);
    CHECK_FALSE(gaps[0].is_open);
    const Verdict verdict = judge(studio.folder.path() / studio.news.finished.at(0).path);
    CHECK(verdict.errors.empty());  // what is kept decodes: only whole groups are missing
}

TEST_CASE(
    "I4: a failed sync makes the file suspect and the next key frame begins another",
    "[daemon][pipeline][fault]"
) {
    Studio studio;
    const UtcTime began = studio.clock.wall;
    const Media media = make_media({.seconds = 8});
    for (std::size_t i = 0; i < media.units.size(); ++i) {
        if (i == 40) studio.files->fail_nth(Call::sync_data, 1);
        studio.send(Studio::unit(media, i), Studio::interval(media));
    }
    studio.stop();
    CHECK(studio.news.suspect.size() == 1);
    REQUIRE(studio.news.finished.size() == 1);
    CHECK(studio.news.finished[0].index.samples.front().is_key);
    CHECK_FALSE(studio.news.finished[0].info.previous_sha256);
    // I15: what stands in the suspect file is no footage; the gap begins where the file does.
    const auto gaps = studio.gaps();
    REQUIRE(gaps.size() == 3);
    CHECK(gaps[0].range.from == UtcTime{began + Studio::interval(media)});
    CHECK(gaps[0].range.to == gaps[1].range.from);
    CHECK(gaps[1].range.to == studio.news.finished[0].range.from);
}

TEST_CASE("I14: a step of the host's clock in a gap splits it at the step", "[daemon][pipeline][disk]") {
    for (const auto step : {seconds{3600}, seconds{-3600}}) {
        Studio studio;
        const Media media = plain();
        for (std::size_t i = 0; i < 50; ++i)
            studio.send(Studio::unit(media, i), Studio::interval(media));
        studio.pipeline->on_trouble(GapCause::camera_unreachable, "refused");
        studio.idle(seconds{10});
        const UtcTime before = studio.clock.wall;
        studio.clock.wall += step;
        studio.idle(seconds{10});
        studio.stop();
        auto gaps = studio.gaps();
        REQUIRE(gaps.size() == (step.count() > 0 ? 4U : 3U));
        CHECK(gaps.front().cause == GapCause::camera_unreachable);
        CHECK(gaps.front().range.to - before < std::chrono::milliseconds{200});
        if (step.count() > 0) {
            CHECK(gaps[1].cause == GapCause::clock_step);
            CHECK(gaps[1].range.length() == step);
            gaps.erase(gaps.begin() + 1);
        }
        CHECK(gaps[1].cause == GapCause::camera_unreachable);
        CHECK(gaps[1].range.from == gaps[0].range.to + step);
        CHECK(gaps[1].range.length() > seconds{9});
    }
}

TEST_CASE("I5: a failed sync of a folder stops the volume", "[daemon][pipeline][fault]") {
    Studio studio{seconds{2}};
    const Media media = make_media({.seconds = 8});
    for (std::size_t i = 0; i < media.units.size(); ++i) {
        if (i == 30) studio.files->fail_nth(Call::sync_directory, 1);
        studio.send(Studio::unit(media, i), Studio::interval(media));
    }
    CHECK_FALSE(studio.worker->is_writable());
    const std::size_t calls = studio.files->records().size();
    studio.stop();
    CHECK(studio.files->records().size() == calls);  // not one more
    CHECK(studio.pipeline->gap_cause() == GapCause::shutdown);
}

TEST_CASE("I10: without the expected identity nothing is written", "[daemon][pipeline][disk]") {
    Studio studio;
    const Media media = make_media({.seconds = 8});
    for (std::size_t i = 0; i < 30; ++i)
        studio.send(Studio::unit(media, i), Studio::interval(media));
    const auto identity = studio.folder.path() / volume::kIdentityFile;
    std::filesystem::rename(identity, studio.folder.path() / "away");
    for (std::size_t i = 30; i < 130; ++i)
        studio.send(Studio::unit(media, i), Studio::interval(media));
    CHECK(studio.pipeline->gap_cause() == GapCause::volume_missing);
    CHECK_FALSE(studio.pipeline->segment_id());
    std::filesystem::rename(studio.folder.path() / "away", identity);
    for (std::size_t i = 130; i < 200; ++i)
        studio.send(Studio::unit(media, i), Studio::interval(media));
    CHECK(studio.pipeline->segment_id());
    CHECK_FALSE(studio.pipeline->gap_cause());
    studio.stop();
}

TEST_CASE("I6: a segment that could not be begun takes no number of its run", "[daemon][pipeline][disk]") {
    Studio studio{seconds{2}};
    const Media media = make_media({.seconds = 8});
    const auto identity = studio.folder.path() / volume::kIdentityFile;
    for (std::size_t i = 0; i < media.units.size(); ++i) {
        // Away from the moment on in which a key frame comes: the segment due then finds no volume.
        studio.idle(Studio::interval(media));
        daemon::AccessUnit unit = Studio::unit(media, i);
        unit.arrival = studio.clock.boot;
        const bool is_away = unit.is_key && i > 0 && i < media.units.size() / 2;
        if (is_away) std::filesystem::rename(identity, studio.folder.path() / "away");
        studio.pipeline->on_access_unit(std::move(unit));
        studio.worker->step();
        if (is_away) std::filesystem::rename(studio.folder.path() / "away", identity);
    }
    CHECK(std::ranges::any_of(studio.gaps(), [](const Studio::Gap& gap) {
        return gap.cause == GapCause::volume_missing;
    }));
    studio.stop();
    std::set<std::uint32_t> numbers;
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{studio.folder.path() / "live"}) {
        if (!entry.is_regular_file()) continue;
        const UniqueFd fd{::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC)};
        const mp4::SegmentFile file = mp4::read_segment(fd.get(), UINT64_MAX).value();
        if (file.index.samples.empty()) continue;  // left right after its head: no footage, no number
        numbers.insert(file.info.sequence);
        ++files;
    }
    CHECK(studio.count_runs() == 1);
    CHECK(numbers.size() == files);
    CHECK(*numbers.rbegin() + 1 == files);
}

TEST_CASE("I15: what a volume can't write into its journal goes into another's", "[daemon][pipeline][disk]") {
    Studio studio;
    Studio other;
    studio.worker->set_neighbours({studio.worker.get(), other.worker.get()});
    const Media media = plain();
    for (std::size_t i = 0; i < 30; ++i)
        studio.send(Studio::unit(media, i), Studio::interval(media));
    std::filesystem::remove(studio.folder.path() / volume::kIdentityFile);
    studio.idle(seconds{3});
    REQUIRE(studio.pipeline->gap_cause() == GapCause::volume_missing);
    other.worker->step();
    const auto facts = other.facts();
    CHECK(std::ranges::any_of(facts, [](const volume::JournalFact& fact) {
        const auto* const gap = std::get_if<volume::GapOpened>(&fact);
        return gap != nullptr && gap->cause == GapCause::volume_missing;
    }));
}

TEST_CASE("I17: the open segment's row follows the syncs", "[daemon][pipeline][disk]") {
    Studio studio;
    studio.play(make_media({.seconds = 8}));
    REQUIRE(studio.news.durable.size() >= 2);
    for (std::size_t i = 1; i < studio.news.durable.size(); ++i) {
        CHECK(studio.news.durable[i].row.bytes > studio.news.durable[i - 1].row.bytes);
        CHECK(studio.news.durable[i].row.range.to > studio.news.durable[i - 1].row.range.to);
    }
    studio.stop();
}

TEST_CASE("a jump of the camera's clock loses no frame and begins no run", "[daemon][pipeline][disk]") {
    Studio studio;
    const Media media = plain();
    studio.play(media);
    studio.play(media, 3600LL * 90'000);
    studio.play(media, -3600LL * 90'000);
    studio.stop();
    CHECK(studio.frames_finished() == 3 * media.units.size());
    CHECK(studio.count_runs() == 1);
    CHECK(studio.pipeline->counts().media_jumps == 2);
    const Verdict verdict = judge(studio.folder.path() / studio.news.finished.at(0).path);
    CHECK(verdict.errors.empty());
    CHECK(verdict.duration_seconds == Approx(12).margin(0.2));
}
