#include "storage/release/grant.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using namespace std::chrono_literals;
using clip::AccessUnit;

constexpr UtcTime kStart = from_epoch_us(1'795'000'000'000'000);
constexpr Microseconds kFrame = 40ms;

struct Shot {
    PieceCutter::Segment segment;
    std::vector<AccessUnit> units;
};

AccessUnit unit_at(Microseconds at, bool is_key) {
    return {
        .earliest = kStart + at,
        .shown = kStart + at,
        .shown_to = kStart + at + kFrame,
        .is_key = is_key,
        .is_after_gap = false,
    };
}

Uuid id_of(std::uint8_t number) {
    Uuid id;
    id.bytes[15] = number;
    return id;
}

/// One run of 60 s, in segments of 20 s, key frames at the given seconds.
std::vector<Shot> shoot(const std::vector<int>& keys, std::uint8_t run = 1) {
    std::vector<Shot> shots;
    for (int i = 0; i < 1500; ++i) {
        if (i % 500 == 0)
            shots.push_back(
                {.segment =
                     {.id = id_of(static_cast<std::uint8_t>(10 * run + i / 500)),
                      .run_id = id_of(run),
                      .from = kStart + i * kFrame,
                      .is_damaged = false},
                 .units = {}}
            );
        const bool is_key = i % 25 == 0 && std::ranges::find(keys, i / 25) != keys.end();
        shots.back().units.push_back(unit_at(i * kFrame, is_key));
    }
    return shots;
}

std::vector<Piece> cut(const std::vector<Shot>& shots, TimeRange asked, Direction direction) {
    PieceCutter cutter{asked, direction};
    for (const Shot& shot : shots)
        cutter.take(shot.segment, shot.units);
    return cutter.finish();
}

TimeRange seconds(double from, double to) {
    const auto at = [](double second) { return kStart + Microseconds{std::llround(second * 1e6)}; };
    return {at(from), at(to)};
}

TEST_CASE("with a key frame every 30 s an interval of 20 s opens from the key frame inside it", "[release]") {
    const auto shots = shoot({0, 30});
    const auto pieces = cut(shots, seconds(20, 40), Direction::inward);
    REQUIRE(pieces.size() == 1);
    CHECK(pieces[0].range == seconds(30, 40));
    CHECK(pieces[0].frames == 250);
    REQUIRE(pieces[0].spans.size() == 1);
    CHECK(pieces[0].spans[0] == Span{id_of(11), kStart + 20s, 250, 500, false});
}

TEST_CASE(
    "an interval without a key frame opens nothing, and outward shows what it would take",
    "[release]"
) {
    const auto shots = shoot({0, 30});
    CHECK(cut(shots, seconds(5, 25), Direction::inward).empty());
    const auto outward = cut(shots, seconds(5, 25), Direction::outward);
    REQUIRE(outward.size() == 1);
    CHECK(outward[0].range == seconds(0, 25));
    CHECK(outward[0].spans.size() == 2);
    CHECK(cut(shots, seconds(40, 55), Direction::outward).at(0).range == seconds(30, 55));
}

TEST_CASE("the ends of a resolved interval lie on frames", "[release]") {
    struct Row {
        const char* name;
        TimeRange asked;
        std::vector<TimeRange> pieces;
    };
    const Row row = GENERATE(
        Row{"begin on a key frame", seconds(1, 3), {seconds(1, 3)}},
        Row{"begin a microsecond behind one", seconds(1.000001, 3), {seconds(2, 3)}},
        Row{"begin a microsecond before one", seconds(0.999999, 3), {seconds(1, 3)}},
        Row{"end a microsecond behind a frame's begin", seconds(1, 1.040001), {seconds(1, 1.040001)}},
        Row{"end on a key frame's begin", seconds(0.5, 1), {}},
        Row{"end a microsecond behind a key frame's begin", seconds(0.5, 1.000001), {seconds(1, 1.000001)}},
        Row{"end behind the footage", seconds(58, 90), {seconds(58, 60)}},
        Row{"begin before the footage", seconds(-9, 2), {seconds(0, 2)}},
        Row{"all behind it", seconds(61, 90), {}},
        Row{"all before it", seconds(-9, -1), {}}
    );
    INFO(row.name);
    std::vector<int> keys;
    for (int second = 0; second < 60; ++second)
        keys.push_back(second);
    std::vector<TimeRange> found;
    for (const Piece& piece : cut(shoot(keys), row.asked, Direction::inward))
        found.push_back(piece.range);
    CHECK(found == row.pieces);
}

TEST_CASE("a gap or another run ends a piece, and the next one begins with a key frame", "[release]") {
    auto shots = shoot({0, 10, 20, 30, 40, 50});
    shots[1].units[125].is_after_gap = true;  // at 25 s, in mid-GOP
    auto later = shoot({3}, 2);
    shots.insert(shots.end(), later.begin(), later.end());
    const auto pieces = cut(shots, seconds(15, 35), Direction::inward);
    REQUIRE(pieces.size() == 2);
    CHECK(pieces[0].range == seconds(20, 25));
    CHECK(pieces[1].range == seconds(30, 35));
    CHECK(pieces[1].spans.size() == 1);
    const auto both = cut(shots, seconds(0, 5), Direction::inward);
    REQUIRE(both.size() == 2);
    CHECK(both[0].run_id == id_of(1));
    CHECK(both[1].run_id == id_of(2));
    CHECK(both[1].range == seconds(3, 5));
}

TEST_CASE("a group with a picture shown before the begin is not inside", "[release]") {
    auto shots = shoot({0, 10, 20});
    // Decoded behind the key frame at 10 s, shown 120 ms before it.
    shots[0].units[251] = unit_at(9880ms, false);
    const auto at = [&](double from) {
        return cut(shots, seconds(from, 30), Direction::inward).at(0).range.from;
    };
    CHECK(at(9.8) == kStart + 9880ms);  // the piece begins where its first picture is shown
    CHECK(at(9.88) == kStart + 9880ms);
    CHECK(at(9.880001) == kStart + 20s);
    CHECK(at(10) == kStart + 20s);
}

TEST_CASE("the end is the first unit in decode order shown at it or later", "[release]") {
    auto shots = shoot({0});
    std::swap(shots[0].units[30], shots[0].units[33]);  // decoded three frames early
    const auto pieces = cut(shots, seconds(0, 1.3), Direction::inward);
    REQUIRE(pieces.size() == 1);
    CHECK(pieces[0].frames == 30);
    CHECK(pieces[0].range == seconds(0, 1.2));
}

/// Runs as cameras and networks make it: groups of any length, pictures out of order, open groups, bursts.
std::vector<Shot> make_weather(std::mt19937& random, int disorder_ms) {
    const auto draw = [&](int low, int high) { return std::uniform_int_distribution{low, high}(random); };
    std::vector<Shot> shots;
    for (std::uint8_t run = 0; run < draw(1, 3); ++run) {
        Microseconds decode{draw(0, 5'000'000)};
        for (std::uint8_t segment = 0; segment < draw(1, 3); ++segment) {
            const auto number = static_cast<std::uint8_t>(1 + run * 10 + segment);
            shots.push_back(
                {.segment =
                     {.id = id_of(number), .run_id = id_of(run), .from = kStart + decode, .is_damaged = false
                     },
                 .units = {}}
            );
            for (int i = 0; i < draw(1, 60); ++i) {
                AccessUnit unit =
                    unit_at(decode + Microseconds{draw(-disorder_ms, disorder_ms) * 1000}, draw(0, 9) == 0);
                const Microseconds late{draw(0, 3) == 0 ? draw(0, 50'000) : 0};
                unit.shown += late;
                unit.shown_to += late;
                unit.is_after_gap = draw(0, 40) == 0;
                shots.back().units.push_back(unit);
                decode += kFrame;
            }
        }
    }
    return shots;
}

struct Frame {
    Uuid run;
    Uuid segment;
    std::uint32_t sample = 0;
    AccessUnit unit;
    friend bool operator==(const Frame&, const Frame&) = default;
};

std::vector<std::vector<Frame>> frames_by_run(const std::vector<Shot>& shots) {
    std::vector<std::vector<Frame>> runs;
    for (const Shot& shot : shots) {
        if (runs.empty() || runs.back().front().run != shot.segment.run_id) runs.emplace_back();
        for (std::uint32_t i = 0; i < shot.units.size(); ++i)
            runs.back().push_back({shot.segment.run_id, shot.segment.id, i, shot.units[i]});
    }
    return runs;
}

/// The rule read word by word, frame by frame, without an eye on speed.
std::vector<Frame> expect(const std::vector<Shot>& shots, TimeRange asked) {
    std::vector<Frame> inside;
    for (const std::vector<Frame>& run : frames_by_run(shots)) {
        const auto end =
            std::ranges::find_if(run, [&](const Frame& frame) { return asked.to <= frame.unit.shown; });
        for (auto part = run.begin(); part != end;) {
            const auto gap =
                std::find_if(part + 1, end, [](const Frame& frame) { return frame.unit.is_after_gap; });
            const auto begin = std::find_if(part, gap, [&](const Frame& frame) {
                if (!frame.unit.is_key || frame.unit.earliest < asked.from) return false;
                const auto here = run.begin() + (&frame - run.data());
                return std::none_of(here, gap, [&](const Frame& later) {
                    return later.unit.earliest < asked.from;
                });
            });
            inside.insert(inside.end(), begin, gap);
            part = gap;
        }
    }
    return inside;
}

std::vector<Frame> frames_of(const std::vector<Shot>& shots, const std::vector<Piece>& pieces) {
    std::vector<Frame> frames;
    for (const auto& run : frames_by_run(shots))
        for (const Frame& frame : run)
            for (const Piece& piece : pieces)
                for (const Span& span : piece.spans)
                    if (span.segment_id == frame.segment && span.first <= frame.sample &&
                        frame.sample < span.end)
                        frames.push_back(frame);
    return frames;
}

TEST_CASE("what is resolved inward is what a look at every frame finds, whatever the footage", "[release]") {
    std::mt19937 random{20'261'126};
    std::size_t with_frames = 0;
    for (int round = 0; round < 4000; ++round) {
        const std::vector<Shot> shots = make_weather(random, 100);
        const auto from = std::uniform_int_distribution{-1000, 8000}(random);
        const auto length = std::uniform_int_distribution{1, 5000}(random);
        const TimeRange asked{kStart + from * 1ms, kStart + (from + length) * 1ms};
        const std::vector<Piece> pieces = cut(shots, asked, Direction::inward);
        const std::vector<Frame> frames = frames_of(shots, pieces);
        INFO("round " << round);
        REQUIRE(frames == expect(shots, asked));
        for (const Frame& frame : frames) {
            const bool is_inside = asked.contains(frame.unit.earliest) && asked.contains(frame.unit.shown);
            REQUIRE(is_inside);
        }
        std::uint64_t counted = 0;
        for (const Piece& piece : pieces) {
            counted += piece.frames;
            REQUIRE(asked.from <= piece.range.from);
            REQUIRE(piece.range.to <= asked.to);
            REQUIRE_FALSE(piece.range.is_empty());
        }
        REQUIRE(counted == frames.size());
        with_frames += frames.empty() ? 0 : 1;
    }
    CHECK(with_frames > 1000);
}

TEST_CASE("resolving a resolved interval once more changes nothing", "[release]") {
    std::mt19937 random{7};
    for (int round = 0; round < 2000; ++round) {
        std::vector<Shot> shots = make_weather(random, 0);
        std::erase_if(shots, [](const Shot& shot) { return shot.segment.run_id != id_of(0); });
        const TimeRange asked{
            kStart + 300ms, kStart + std::uniform_int_distribution{400, 5000}(random) * 1ms
        };
        for (const Piece& piece : cut(shots, asked, Direction::inward)) {
            const auto again = cut(shots, piece.range, Direction::inward);
            INFO("round " << round);
            REQUIRE(std::ranges::find(again, piece) != again.end());
        }
    }
}

}  // namespace
}  // namespace sluice::release
