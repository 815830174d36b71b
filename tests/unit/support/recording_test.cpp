#include "tests/support/load_catalogue/recording.hpp"

#include <chrono>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace std::chrono_literals;

constexpr UtcTime kMidnight = from_epoch_us(1'795'392'000'000'000);

load::Recording a_minute() {
    auto recording = load::read_recording(load::Options{});
    REQUIRE(recording);
    return *recording;
}

TEST_CASE("a loaded segment moved in time begins where its row does, and nothing else of it changes") {
    const mp4::SegmentIndex index = a_minute().index;
    const mp4::SegmentIndex moved = load::move_in_time(index, kMidnight + 7min, 7 * 5'400'000);
    REQUIRE(moved.fragments.size() == index.fragments.size());
    for (std::size_t i = 0; i < moved.fragments.size(); ++i) {
        const mp4::Fragment& before = index.fragments[i];
        const mp4::Fragment& after = moved.fragments[i];
        CHECK(after.wall - (kMidnight + 7min) == before.wall - index.fragments[0].wall);
        CHECK(
            after.base_decode_time - 7 * 5'400'000 ==
            before.base_decode_time - index.fragments[0].base_decode_time
        );
        CHECK(after.offset == before.offset);
        CHECK(after.data_offset == before.data_offset);
        CHECK(after.sample_count == before.sample_count);
    }
    CHECK(moved.samples == index.samples);
    CHECK(moved.end_bytes == index.end_bytes);
}

TEST_CASE("a segment recorded late in its run can be moved to the run's start") {
    const mp4::SegmentIndex late = load::move_in_time(a_minute().index, kMidnight, 9 * 5'400'000);
    const mp4::SegmentIndex moved = load::move_in_time(late, kMidnight - 24h, 0);
    CHECK(moved.fragments.front().base_decode_time == 0);
    CHECK(moved.fragments.back().base_decode_time == 59 * 90'000);
    CHECK(moved.fragments.back().wall == kMidnight - 24h + 59s);
}

TEST_CASE("a minute is loaded 1439 times a day: the last one is the day's gap") {
    const load::Recording recording = a_minute();
    CHECK(recording.length() == 60s);
    CHECK(recording.rows_a_day() == 1439);
    CHECK(recording.ticks() == 5'400'000);
}

}  // namespace
