#include "storage/clip/detail/timeline.hpp"

#include "storage/mp4/index.hpp"

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kStart = from_epoch_us(1'795'000'000'000'000);
constexpr std::uint32_t kFrame = 3600;  // 25 fps

/// Fragments of 25 frames, each with a key frame first; their walls are given.
mp4::SegmentIndex make_index(const std::vector<Microseconds>& walls, std::int32_t composition = 0) {
    mp4::SegmentIndex index;
    for (const Microseconds wall : walls) {
        const auto first = static_cast<std::uint32_t>(index.samples.size());
        index.fragments.push_back({
            .offset = 1000 + first * 100,
            .data_offset = 1100 + first * 100,
            .base_decode_time = first * std::uint64_t{kFrame},
            .wall = kStart + wall,
            .first_sample = first,
            .sample_count = 25,
        });
        for (int i = 0; i < 25; ++i) {
            index.samples.push_back(
                {.size_bytes = 10, .duration = kFrame, .composition_offset = composition, .is_key = i == 0}
            );
        }
    }
    return index;
}

TEST_CASE("ticks and microseconds go over into each other without overflow", "[clip]") {
    CHECK(ticks_to_us(90'000) == 1'000'000);
    CHECK(ticks_to_us(-3600) == -40'000);
    CHECK(us_to_ticks(40'000) == 3600);
    const std::uint64_t century = std::uint64_t{100} * 366 * 86'400;
    CHECK(us_to_ticks(century * 1'000'000) == century * 90'000);
    CHECK(
        ticks_to_us(static_cast<std::int64_t>(century * 90'000)) ==
        static_cast<std::int64_t>(century * 1'000'000)
    );
}

TEST_CASE("the key frame of a clip is the last one shown at or before its begin", "[clip]") {
    const mp4::SegmentIndex index = make_index({0s, 1s, 2s});
    CHECK_FALSE(find_key_frame(index, kStart - 1us));
    CHECK(find_key_frame(index, kStart)->sample == 0);
    CHECK(find_key_frame(index, kStart + 1s - 1us)->sample == 0);
    CHECK(find_key_frame(index, kStart + 1s)->sample == 25);
    CHECK(find_key_frame(index, kStart + 1h)->sample == 50);
    // Shown two frames after it arrived.
    const mp4::SegmentIndex late = make_index({0s, 1s}, 2 * kFrame);
    CHECK(find_key_frame(late, kStart + 1s + 79ms)->sample == 0);
    CHECK(find_key_frame(late, kStart + 1s + 80ms)->sample == 25);
    CHECK(first_key_frame(late)->wall == kStart + 80ms);
}

TEST_CASE("a clip ends before the first unit in decode order shown at its end or later", "[clip]") {
    mp4::SegmentIndex index = make_index({0s, 1s});
    CHECK(find_end(index, kStart, std::nullopt) == 0);
    CHECK(find_end(index, kStart + 1us, std::nullopt) == 1);
    CHECK(find_end(index, kStart + 1s, std::nullopt) == 25);
    CHECK(find_end(index, kStart + 1h, std::nullopt) == 50);
    index.samples[10].composition_offset = 5 * kFrame;  // decoded as the 11th, shown as the 16th
    CHECK(find_end(index, kStart + 600ms, std::nullopt) == 10);
    CHECK(find_end(index, kStart + 601ms, std::nullopt) == 16);
}

TEST_CASE("nothing that arrives later moves an end that was found before (I18)", "[clip]") {
    const auto gap_ms = GENERATE(900, 970, 1000, 1040, 3000);
    const mp4::SegmentIndex open = make_index({0s, 1s});
    const mp4::SegmentIndex finished = make_index({0s, 1s, 1s + Microseconds{gap_ms * 1000}});
    const UtcTime durable_to = nominal_end(open).value();
    CHECK(durable_to == kStart + 2s);
    for (UtcTime to = kStart; to <= durable_to; to += 7ms) {
        CHECK(find_end(open, to, std::nullopt) == find_end(finished, to, std::nullopt));
    }
    // Neither does a segment that begins early.
    const mp4::SegmentIndex next = make_index({1s + Microseconds{gap_ms * 1000}});
    CHECK(find_end(next, durable_to, durable_to) == 0);
}

TEST_CASE("a part cut out of a segment keeps its places in the file", "[clip]") {
    const mp4::SegmentIndex index = make_index({0s, 1s, 2s});
    CHECK(trim(index, 0, 75).samples == index.samples);
    CHECK(trim(index, 0, 75).fragments == index.fragments);
    const mp4::SegmentIndex part = trim(index, 30, 52);
    REQUIRE(part.fragments.size() == 2);
    CHECK(part.samples.size() == 22);
    CHECK(part.fragments[0].data_offset == index.fragments[1].data_offset + 50);
    CHECK(part.fragments[0].base_decode_time == 30 * std::uint64_t{kFrame});
    CHECK(part.fragments[0].wall == kStart + 1200ms);
    CHECK(part.fragments[0].sample_count == 20);
    CHECK(part.fragments[1].first_sample == 20);
    CHECK(part.fragments[1].sample_count == 2);
    CHECK(part.end_bytes == index.fragments[2].data_offset + 20);
}

}  // namespace
}  // namespace sluice::clip
