#include "storage/clip/snapshot.hpp"
#include "tests/pg/clip_stage.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace test;

/// The picture shown at `second`, small, red, green and blue; frames before it are decoded and dropped.
std::string small_picture(const std::filesystem::path& file, double second) {
    const auto done = run_to_end(
        {"ffmpeg",
         "-v",
         "error",
         "-i",
         file.string(),
         "-vf",
         "select=gte(t\\," + std::to_string(second) + "),scale=64:36,format=rgb24",
         "-frames:v",
         "1",
         "-f",
         "rawvideo",
         "-"},
        std::chrono::seconds{30}
    );
    REQUIRE(done);
    CHECK(done->errors.empty());
    REQUIRE(done->output.size() == std::size_t{64} * 36 * 3);
    return done->output;
}

/// Mean difference of their points, 0–255.
double difference(const std::string& one, const std::string& other) {
    double sum = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        sum += std::abs(static_cast<unsigned char>(one[i]) - static_cast<unsigned char>(other[i]));
    }
    return sum / static_cast<double>(one.size());
}

TEST_CASE("a snapshot is the key frame at or before the moment", "[pg][clip]") {
    ClipStage stage;
    const Codec codec = GENERATE(Codec::h264, Codec::h265);
    const Media media = make_media({.codec = codec, .b_frames = 2});
    StageRun run{stage, media, 0};
    run.record(50);
    run.record(50);
    run.end(GapCause::shutdown);
    const auto taken = take_snapshot(stage.api, stage.volumes(), stage.stream, at_second(3.7));
    REQUIRE(taken);
    const auto& snapshot = std::get<Snapshot>(*taken);
    const auto shown_after = Microseconds{to_samples(media).front().sample.composition_offset * 100 / 9};
    CHECK(snapshot.at == at_second(3) + shown_after);

    const std::filesystem::path jpeg = stage.folder.path() / "snapshot.jpg";
    std::ofstream out{jpeg, std::ios::binary};
    out.write(as_text(snapshot.jpeg).data(), static_cast<std::streamsize>(snapshot.jpeg.size()));
    out.close();
    const auto clip = stage.clip(0, 10);
    const std::filesystem::path film = save_clip(stage, *clip);
    const std::string picture = small_picture(jpeg, 0);
    CHECK(difference(picture, small_picture(film, 2.999)) < 3);
    CHECK(difference(picture, small_picture(film, 0.999)) > 3);  // another picture is seen to be another
}

TEST_CASE("a snapshot of the very first moment of a run is its first key frame", "[pg][clip]") {
    ClipStage stage;
    const Media media = make_media({.b_frames = 2});
    StageRun run{stage, media, 0};
    run.record(50);
    run.end(GapCause::shutdown);
    const auto taken = take_snapshot(stage.api, stage.volumes(), stage.stream, at_second(0));
    REQUIRE(taken);
    CHECK(std::holds_alternative<Snapshot>(*taken));
}

TEST_CASE("no snapshot out of a gap, nor of what is not durable", "[pg][clip]") {
    ClipStage stage;
    const Media media = make_media({});
    StageRun run{stage, media, 0};
    run.record(50);
    run.end(GapCause::disk_slow);
    stage.save_gap(2, 10, GapCause::disk_slow);
    StageRun after{stage, media, 10};
    after.begin();
    after.append(50);
    after.save_open();
    const auto code_at = [&](double second) {
        const auto taken = take_snapshot(stage.api, stage.volumes(), stage.stream, at_second(second));
        REQUIRE(taken);
        const auto* refusal = std::get_if<Refusal>(&*taken);
        return refusal == nullptr ? std::string{"snapshot"} : refusal->code;
    };
    CHECK(code_at(1) == "snapshot");
    CHECK(code_at(2.5) == "NO_FOOTAGE");
    CHECK(code_at(8) == "NO_FOOTAGE");
    CHECK(code_at(11) == "snapshot");
    CHECK(code_at(13) == "NOT_YET_DURABLE");
}

TEST_CASE("a key frame of lies is an error, not a crash", "[pg][clip]") {
    ClipStage stage;
    const Media media = make_media({});
    StageRun run{stage, media, 0};
    const auto segment = run.record(50);
    run.end(GapCause::shutdown);
    const auto at = static_cast<std::streamoff>(segment.index.fragments.front().data_offset);
    std::ofstream out{stage.folder.path() / segment.path, std::ios::binary | std::ios::in};
    out.seekp(at);
    const std::string lies(segment.index.samples.front().size_bytes, '\x55');
    out.write(lies.data(), static_cast<std::streamsize>(lies.size()));
    out.close();
    const auto taken = take_snapshot(stage.api, stage.volumes(), stage.stream, at_second(0.5));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().remedy() == Remedy::abandon_file);
}

}  // namespace
}  // namespace sluice::clip
