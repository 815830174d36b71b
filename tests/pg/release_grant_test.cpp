#include "storage/release/grant.hpp"
#include "tests/pg/clip_stage.hpp"

#include <string>
#include <variant>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using namespace test;

/// Two seconds of a closed group, 25 frames a second.
const Media& one_group() {
    static const Media kMedia = make_media({.gop = 50, .seconds = 2});
    return kMedia;
}

Resolution resolve(ClipStage& stage, double from, double to) {
    auto found = resolve_inward(stage.api, stage.camera, StreamKind::main, {at_second(from), at_second(to)});
    if (!found) FAIL(found.error().describe());
    if (const auto* refusal = std::get_if<clip::Refusal>(&*found))
        FAIL(refusal->code + ": " + refusal->detail);
    return std::get<Resolution>(std::move(*found));
}

TEST_CASE("an interval over segments, a gap and two runs is resolved from the catalogue", "[pg][release]") {
    ClipStage stage;
    StageRun first{stage, one_group(), 0};
    first.record(250);
    first.record(250);
    first.end(GapCause::camera_unreachable);
    stage.save_gap(20, 30, GapCause::camera_unreachable);
    StageRun second{stage, one_group(), 30};
    second.record(250);
    second.end(GapCause::shutdown);

    const Resolution found = resolve(stage, 5, 33.5);
    REQUIRE(found.pieces.size() == 2);
    CHECK(found.pieces[0].range == TimeRange{at_second(6), at_second(20)});
    CHECK(found.pieces[0].frames == 350);
    CHECK(found.pieces[0].spans.size() == 2);
    CHECK(found.pieces[1].range == TimeRange{at_second(30), at_second(33.5)});
    CHECK(found.pieces[1].frames == 88);
    REQUIRE(found.gaps.size() == 1);
    CHECK(found.gaps[0].cause == GapCause::camera_unreachable);
    CHECK(found.outward.at(0).range.from == at_second(4));

    CHECK(resolve(stage, 4.5, 5.5).pieces.empty());
    CHECK(resolve(stage, 4.5, 5.5).outward.at(0).range == TimeRange{at_second(4), at_second(5.5)});
    CHECK(resolve(stage, 22, 28).pieces.empty());
    CHECK(resolve(stage, 22, 28).outward.empty());
    CHECK(resolve(stage, -50, -40).pieces.empty());
    const auto other = resolve_inward(stage.api, stage.camera, StreamKind::sub, {at_second(0), at_second(9)});
    CHECK(std::get<Resolution>(other.value()).pieces.empty());
}

TEST_CASE("footage that is still to become durable is not resolved yet", "[pg][release]") {
    ClipStage stage;
    StageRun run{stage, one_group(), 0};
    run.record(250);
    run.begin();
    run.append(110);
    run.save_open();
    const auto found =
        resolve_inward(stage.api, stage.camera, StreamKind::main, {at_second(5), at_second(60)});
    const auto* refusal = std::get_if<clip::Refusal>(&found.value());
    REQUIRE(refusal != nullptr);
    CHECK(refusal->code == "NOT_YET_DURABLE");
    const Resolution open = resolve(stage, 5, 13);
    REQUIRE(open.pieces.size() == 1);
    CHECK(open.pieces[0].range == TimeRange{at_second(6), at_second(13)});
}

}  // namespace
}  // namespace sluice::release
