#include "storage/release/showing.hpp"
#include "tests/pg/clip_stage.hpp"
#include "tests/support/delivered.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <variant>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using namespace test;

const Media& pictures() {
    static const Media kMedia = make_media({.gop = 40, .b_frames = 2, .seconds = 8});
    return kMedia;
}

Showing show(ClipStage& stage, const std::vector<TimeRange>& granted) {
    auto found = load_showing(stage.api, stage.volumes(), stage.stream, granted);
    if (!found) FAIL(found.error().describe());
    if (const auto* refusal = std::get_if<clip::Refusal>(&*found))
        FAIL(refusal->code + ": " + refusal->detail);
    return std::get<Showing>(std::move(*found));
}

Bytes read_entry(ClipStage& stage, const clip::HlsCutout& entry) {
    const auto row = catalogue::find_segment(stage.api, entry.segment.file_id);
    REQUIRE(row);
    REQUIRE(row->has_value());
    auto file = clip::load_hls_file(stage.volumes(), **row);
    REQUIRE(file);
    auto media = clip::HlsMedia::open(
        std::make_shared<const clip::HlsFile>(std::move(*file)),
        {entry.segment.first, entry.segment.end},
        entry.samples
    );
    REQUIRE(media);
    Bytes all;
    while (all.size() < media->size_bytes()) {
        auto piece = media->read(all.size(), 4096);
        if (!piece) FAIL(piece.error().describe());
        if (const auto* bytes = std::get_if<Bytes>(&*piece)) {
            all.insert(all.end(), bytes->begin(), bytes->end());
            continue;
        }
        const auto& range = std::get<clip::FileRange>(*piece);
        Bytes bytes(range.length);
        REQUIRE(
            ::pread(range.file->get(), bytes.data(), bytes.size(), static_cast<off_t>(range.offset)) ==
            static_cast<ssize_t>(bytes.size())
        );
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
}

TEST_CASE(
    "no byte of a showing lies outside the granted interval, and all frames inside are shown",
    "[pg][release]"
) {
    ClipStage stage;
    StageRun first{stage, pictures(), 0};
    first.record(310);
    first.record(275);
    first.end(GapCause::camera_unreachable);
    StageRun second{stage, pictures(), 31.7};
    second.record(333);
    second.end(GapCause::shutdown);

    std::mt19937 random{3};
    const auto draw = [&] { return std::uniform_real_distribution{-2.0, 47.0}(random); };
    std::size_t shown = 0;
    for (int round = 0; round < 60; ++round) {
        double from = draw();
        double to = draw();
        if (to < from) std::swap(from, to);
        const TimeRange granted{at_second(from), at_second(to)};
        if (granted.is_empty()) continue;
        INFO("from " << from << " to " << to);
        auto resolved = resolve_inward(stage.api, stage.camera, StreamKind::main, granted);
        REQUIRE(resolved);
        std::uint64_t frames = 0;
        for (const Piece& piece : std::get<Resolution>(*resolved).pieces)
            frames += piece.frames;
        std::uint64_t delivered = 0;
        for (const clip::HlsCutout& entry : show(stage, {granted}).entries) {
            const auto samples = delivered_samples(read_entry(stage, entry));
            delivered += samples.size();
            if (entry.has_key) CHECK(samples.at(0).is_key);
            for (const DeliveredSample& sample : samples) {
                const bool is_inside = granted.contains(sample.shown + Microseconds{20});
                if (!is_inside) FAIL("a sample shown at " << to_rfc3339(sample.shown));
            }
        }
        CHECK(delivered == frames);
        shown += delivered;
    }
    CHECK(shown > 5000);
}

TEST_CASE("a showing is a sequence of entries that a player can begin at key frames", "[pg][release]") {
    ClipStage stage;
    StageRun run{stage, pictures(), 0};
    run.record(600);
    run.end(GapCause::shutdown);
    const Showing showing = show(stage, {{at_second(1), at_second(9)}, {at_second(8), at_second(20)}});
    REQUIRE(showing.entries.size() > 3);
    CHECK(showing.entries.front().has_key);
    for (std::size_t i = 0; i < showing.entries.size(); ++i) {
        CHECK(showing.entries[i].segment.is_discontinuous == false);
        CHECK(length_of(showing.entries[i]) <= std::chrono::seconds{6});
    }
    CHECK(find_begin(showing, at_second(-5)) == 0);
    const auto later = find_begin(showing, at_second(10));
    REQUIRE(later);
    const clip::HlsCutout& entry = showing.entries[*later];
    CHECK(entry.has_key);
    CHECK(entry.segment.wall.from <= at_second(10));
    CHECK(find_entry(showing, entry.segment.file_id, {entry.segment.first, entry.segment.end}) == &entry);
    CHECK(
        find_entry(showing, entry.segment.file_id, {entry.segment.first, entry.segment.end + 1}) == nullptr
    );
    CHECK(show(stage, {{at_second(1), at_second(1.2)}}).entries.empty());
    CHECK_FALSE(find_begin(Showing{}, at_second(1)));
}

}  // namespace
}  // namespace sluice::release
