#include "daemon/fragmenter.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using daemon::Fragmenter;
using daemon::PlacedUnit;

namespace {

constexpr std::uint64_t kFrame = 3600;

PlacedUnit unit(std::uint64_t number, bool is_key = false, bool knows_next = true) {
    PlacedUnit made;
    made.bytes = Bytes(10, static_cast<std::uint8_t>(number));
    made.is_key = is_key;
    made.dts = number * kFrame;
    made.arrival = BootTime{std::chrono::milliseconds{40 * number}};
    if (knows_next) made.next_dts = made.dts + kFrame;
    return made;
}

BootTime at_ms(std::int64_t ms) {
    return BootTime{std::chrono::milliseconds{ms}};
}

}  // namespace

TEST_CASE("a key frame closes the fragment before it and begins the next", "[daemon][fragmenter]") {
    Fragmenter fragmenter;
    CHECK_FALSE(fragmenter.push(unit(0, true)));
    CHECK_FALSE(fragmenter.push(unit(1)));
    const auto closed = fragmenter.push(unit(2, true));
    REQUIRE(closed);
    CHECK(closed->samples.size() == 2);
    CHECK(closed->samples[0].sample.is_key);
    CHECK(closed->samples[1].sample.duration == kFrame);
    CHECK(closed->end == 2 * kFrame);
    CHECK(closed->bytes == 20);
}

TEST_CASE("a fragment holds at most one second of media", "[daemon][fragmenter]") {
    Fragmenter fragmenter;
    std::size_t samples = 0;
    for (std::uint64_t i = 0; i < 100; ++i)
        if (const auto closed = fragmenter.push(unit(i, i == 0))) {
            CHECK(closed->end - closed->base_decode_time <= mp4::kTimescale);
            samples += closed->samples.size();
        }
    CHECK(samples == 75);
}

TEST_CASE("I1: no unit waits longer than a second for its fragment to close", "[daemon][fragmenter]") {
    // Whatever the distance of frames, asked every 100 ms as the recorder does.
    for (const std::int64_t step_ms : {10, 40, 48, 100, 333, 900}) {
        Fragmenter fragmenter;
        std::vector<std::pair<BootTime, BootTime>>
            written;  // arrival of a fragment's first unit, when it closed
        std::int64_t next_unit = 0;
        std::uint64_t number = 0;
        for (std::int64_t now = 0; now < 10'000; now += 10) {
            if (now == next_unit) {
                PlacedUnit made = unit(number, number == 0);
                made.dts = number * static_cast<std::uint64_t>(step_ms) * 90;
                made.next_dts = made.dts + static_cast<std::uint64_t>(step_ms) * 90;
                made.arrival = at_ms(now);
                if (const auto closed = fragmenter.push(std::move(made)))
                    written.emplace_back(closed->arrival, at_ms(now));
                next_unit += step_ms - step_ms % 10;
                ++number;
            }
            if (now % 100 == 0)
                if (const auto closed = fragmenter.poll(at_ms(now), kFrame))
                    written.emplace_back(closed->arrival, at_ms(now));
        }
        REQUIRE(written.size() > 5);
        for (const auto& [arrived, closed] : written)
            CHECK(closed - arrived <= std::chrono::milliseconds{1000});
    }
}

TEST_CASE("the timer leaves the newest unit out while its successor is unknown", "[daemon][fragmenter]") {
    Fragmenter fragmenter;
    (void)fragmenter.push(unit(0, true));
    (void)fragmenter.push(unit(1, false, false));
    const auto closed = fragmenter.poll(at_ms(950), kFrame);
    REQUIRE(closed);
    CHECK(closed->samples.size() == 1);
    CHECK_FALSE(fragmenter.is_empty());
    CHECK_FALSE(fragmenter.poll(at_ms(1900), kFrame));
    const auto last =
        fragmenter.poll(at_ms(2050), 1234);  // it waited two seconds: the usual duration will do
    REQUIRE(last);
    CHECK(last->samples[0].sample.duration == 1234);
    CHECK(fragmenter.is_empty());
}

TEST_CASE("durations of all samples add up to the fragment's length", "[daemon][fragmenter]") {
    Fragmenter fragmenter;
    PlacedUnit late = unit(5);
    (void)fragmenter.push(unit(0, true));
    (void)fragmenter.push(unit(2));
    (void)fragmenter.push(std::move(late));
    const auto closed = fragmenter.close(kFrame);
    REQUIRE(closed);
    std::uint64_t sum = 0;
    for (const auto& sample : closed->samples)
        sum += sample.sample.duration;
    CHECK(sum == closed->end - closed->base_decode_time);
    CHECK_FALSE(fragmenter.close(kFrame));
}

TEST_CASE("what is discarded says how many bytes it held", "[daemon][fragmenter]") {
    Fragmenter fragmenter;
    (void)fragmenter.push(unit(0, true));
    (void)fragmenter.push(unit(1));
    CHECK(fragmenter.discard() == 20);
    CHECK(fragmenter.is_empty());
}
