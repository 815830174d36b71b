#include "storage/mp4/index.hpp"

#include "storage/mp4/write.hpp"
#include "tests/support/media.hpp"
#include "tests/support/segment_bytes.hpp"

#include <algorithm>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::mp4;

constexpr UtcTime kWall = from_epoch_us(1'795'428'900'123'457);

Fragment fragment_at(UtcTime wall, std::uint32_t first, std::uint32_t count) {
    Fragment fragment;
    fragment.wall = wall;
    fragment.first_sample = first;
    fragment.sample_count = count;
    return fragment;
}

/// `counts` samples a fragment of the given ticks each, whose fragments begin at the given walls.
SegmentIndex
index_of(std::vector<std::uint32_t> durations, std::vector<std::pair<UtcTime, std::uint32_t>> fragments) {
    SegmentIndex index;
    for (const std::uint32_t duration : durations)
        index.samples.push_back({100, duration, 0, false});
    std::uint32_t first = 0;
    for (const auto& [wall, count] : fragments) {
        index.fragments.push_back(fragment_at(wall, first, count));
        first += count;
    }
    return index;
}

/// Any numbers at all, in a layout that holds together.
SegmentIndex random_index(std::mt19937_64& random) {
    const auto any = [&]<class Number>(Number) {
        const unsigned bits = static_cast<unsigned>(random() % 65);
        return static_cast<Number>(bits == 0 ? 0 : random() >> (64U - bits));
    };
    SegmentIndex index;
    const std::size_t fragments = random() % 6;
    for (std::size_t i = 0; i < fragments; ++i) {
        const auto count = static_cast<std::uint32_t>(random() % 9);
        Fragment fragment = fragment_at(
            from_epoch_us(static_cast<std::int64_t>(any(std::uint64_t{}) % (1ULL << 60U))),
            static_cast<std::uint32_t>(index.samples.size()),
            count
        );
        fragment.offset = any(std::uint64_t{});
        fragment.data_offset = any(std::uint64_t{});
        fragment.base_decode_time = any(std::uint64_t{});
        index.fragments.push_back(fragment);
        for (std::uint32_t j = 0; j < count; ++j) {
            index.samples.push_back(
                {any(std::uint32_t{}), any(std::uint32_t{}), any(std::int32_t{}), random() % 2 == 0}
            );
        }
    }
    index.end_bytes = any(std::uint64_t{});
    return index;
}

/// A minute at 25 frames a second and about 4 Mbit/s, as a camera's encoder makes it.
std::vector<SampleData> minute_of_footage(bool has_b_frames, unsigned jitter_ticks) {
    std::mt19937_64 random{7};  // NOLINT(cert-msc51-cpp): the same footage each time
    std::normal_distribution<double> spread{1.0, 0.15};
    std::vector<SampleData> samples;
    for (unsigned i = 0; i < 1500; ++i) {
        const bool is_key = i % 50 == 0;
        const double size = (is_key ? 120'000 : 18'000) * std::max(0.2, spread(random));
        const unsigned place = i % 3;
        const std::int32_t offset = !has_b_frames ? 0 : is_key ? 7200 : place == 1 ? 10'800 : 3600;
        const auto duration =
            static_cast<std::uint32_t>(3600 + (jitter_ticks == 0 ? 0 : random() % jitter_ticks));
        samples.push_back({{static_cast<std::uint32_t>(size), duration, offset, is_key}, {}});
    }
    return samples;
}

double bytes_per_sample(const std::vector<SampleData>& samples) {
    SegmentIndex index =
        test::build_segment({}, test::example_info(kWall), samples, kWall, 12'345, 1.00004).index;
    return static_cast<double>(encode_index(index).size()) / static_cast<double>(samples.size());
}

Remedy remedy_of(ByteView bytes) {
    const auto decoded = decode_index(bytes);
    return decoded ? Remedy::cancelled : decoded.error().remedy();
}

constexpr auto kMilliseconds = [](int count) { return kWall + std::chrono::milliseconds{count}; };

}  // namespace

TEST_CASE("an index of any numbers survives its compact form", "[mp4][index]") {
    std::mt19937_64 random{20'261'123};  // NOLINT(cert-msc51-cpp): the same numbers each time
    CHECK(decode_index(encode_index({})) == SegmentIndex{});
    for (int round = 0; round < 3000; ++round) {
        const SegmentIndex index = random_index(random);
        const auto decoded = decode_index(encode_index(index));
        REQUIRE(decoded);
        REQUIRE(*decoded == index);
    }
}

TEST_CASE("the compact form takes two to four bytes a sample of 25 frames a second", "[mp4][index]") {
    CHECK(bytes_per_sample(minute_of_footage(false, 0)) < 4.0);
    CHECK(bytes_per_sample(minute_of_footage(true, 0)) < 4.0);
    CHECK(
        bytes_per_sample(minute_of_footage(false, 90)) < 5.2
    );  // every duration another: a camera without a clock
    const test::Media media = test::make_media({.codec = Codec::h264, .b_frames = 2});
    const double real = bytes_per_sample(test::to_samples(media));
    CHECK(real < 4.0);
    CHECK(real > 2.0);
}

TEST_CASE("the bytes of the compact form are the golden ones", "[mp4][index]") {
    SegmentIndex index;
    index.samples = {{1000, 3600, 7200, true}, {90, 3600, 3600, false}, {80, 3700, 3600, false}};
    Fragment first = fragment_at(from_epoch_us(1'000'000), 0, 2);
    first.offset = 500;
    first.data_offset = 500 + fragment_head_bytes(2);
    first.base_decode_time = 90'000;
    Fragment second = fragment_at(from_epoch_us(1'080'001), 2, 1);
    second.offset = first.data_offset + 1090;
    second.data_offset = second.offset + fragment_head_bytes(1);
    second.base_decode_time = 97'200;
    index.fragments = {first, second};
    index.end_bytes = second.data_offset + 80;
    const Bytes bytes = encode_index(index);
    CHECK(
        to_hex(bytes) ==
        "010302"
        "7fd00fa038c070"  // key, both values new: size 1000, duration 3600, offset 7200
        "70b4019f38"      // offset new: 3600 less
        "0e13c801"        // size 10 less, duration 100 more
        "04e80700a0fe0a80897a"
        "02000000"
        "02"
        "00"
    );
    CHECK(decode_index(bytes) == index);
}

TEST_CASE("every cut of an index is refused, and so is anything behind it", "[mp4][index]") {
    const auto built = test::build_segment({}, test::example_info(kWall), minute_of_footage(true, 0), kWall);
    Bytes bytes = encode_index(built.index);
    REQUIRE(decode_index(bytes) == built.index);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        REQUIRE(remedy_of(ByteView{bytes}.first(size)) == Remedy::abandon_file);
    }
    bytes.push_back(0);
    CHECK(remedy_of(bytes) == Remedy::abandon_file);
}

TEST_CASE("lies in an index are refused before memory is asked for", "[mp4][index]") {
    const auto is_refused = [](std::string_view hex) {
        return remedy_of(from_hex(hex).value()) == Remedy::abandon_file;
    };
    CHECK_FALSE(is_refused("01000000"));              // the empty one
    CHECK(is_refused("02000000"));                    // another version
    CHECK(is_refused("01ffffffffffffffffff010000"));  // 2^64 - 1 samples
    CHECK(is_refused("0100ffffffffffffffffff0100"));  // and fragments
    CHECK(is_refused("01ffffffffffffffffff7f0000"));  // a number over 64 bits
    CHECK(
        is_refused("0101000000"
                   "00")
    );  // a sample that no fragment holds
    CHECK(
        is_refused("010001"
                   "0200000000"
                   "00")
    );  // a fragment with a sample that is not there
    CHECK(
        is_refused("010101"
                   "0001"
                   "0200000000"
                   "00")
    );  // a size of -1
    CHECK(
        is_refused("010101"
                   "008080808020"
                   "0200000000"
                   "00")
    );  // a size of 2^32
    CHECK(
        is_refused("010001"
                   "00000000ffffffffffffffff7f"
                   "00")
    );  // a wall in the year 146 000
}

TEST_CASE(
    "the sums of an index count runs, and the last sample's duration as a run of its own",
    "[mp4][index]"
) {
    SegmentIndex index;
    CHECK(sum_up(index) == IndexSums{});
    index.fragments.resize(2);
    index.samples = {{10, 3600, 0, true}};
    CHECK(sum_up(index) == IndexSums{1, 1, 2, 1, 1, 10, 3600, false});
    index.samples.assign(5, Sample{10, 3600, 0, false});
    CHECK(sum_up(index) == IndexSums{5, 0, 2, 2, 1, 50, 18'000, false});
    index.samples[1].duration = 3000;
    CHECK(sum_up(index).duration_runs == 4);
    index.samples[3].duration = 3000;
    index.samples[4].duration = 3000;
    CHECK(sum_up(index).duration_runs == 5);  // 3600, 3000, 3600, 3000 | 3000
    index.samples[2].composition_offset = -1;
    CHECK(sum_up(index).composition_runs == 3);
    CHECK(sum_up(index).has_composition);
    index.samples[0].duration = std::numeric_limits<std::uint32_t>::max();
    index.samples[0].size_bytes = std::numeric_limits<std::uint32_t>::max();
    CHECK(sum_up(index).ticks == 0xFFFF'FFFFULL + 3000 + 3600 + 3000 + 3000);
    CHECK(sum_up(index).sample_bytes == 0xFFFF'FFFFULL + 40);
}

TEST_CASE(
    "I14: samples lie between the arrival times of their fragments, whatever the media clock says",
    "[mp4][index]"
) {
    // The second fragment's media took 300 ms by the camera's clock and 400 ms by ours.
    const auto index = index_of({9000, 9000, 9000, 9000, 18'000}, {{kWall, 2}, {kMilliseconds(200), 3}});
    CHECK(
        sample_walls(index, kMilliseconds(600)) ==
        std::vector<UtcTime>{
            kWall, kMilliseconds(100), kMilliseconds(200), kMilliseconds(300), kMilliseconds(400)
        }
    );
}

TEST_CASE("walls of samples never run back, even where arrival times do", "[mp4][index]") {
    const auto index = index_of({9000, 9000, 9000, 9000}, {{kWall, 2}, {kMilliseconds(-50), 2}});
    CHECK(
        sample_walls(index, kMilliseconds(100)) ==
        std::vector<UtcTime>{kWall, kWall, kWall, kMilliseconds(50)}
    );
    CHECK(sample_walls(index, kMilliseconds(-100)) == std::vector<UtcTime>(4, kWall));
    const auto timeless = index_of({0, 0}, {{kWall, 2}});
    CHECK(sample_walls(timeless, kMilliseconds(100)) == std::vector<UtcTime>(2, kWall));
    CHECK(sample_walls({}, kWall).empty());
}

TEST_CASE("walls stay exact over spans and ticks of any size", "[mp4][index]") {
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
    const auto index = index_of(std::vector<std::uint32_t>(4, kMost), {{from_epoch_us(0), 4}});
    constexpr std::int64_t kEnd = 253'402'300'800'000'000;  // the year 10 000
    const auto walls = sample_walls(index, from_epoch_us(kEnd));
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(to_epoch_us(walls[i]) == kEnd / 4 * static_cast<std::int64_t>(i));
}

TEST_CASE("walls of any index are monotone and lie between its start and its end", "[mp4][index]") {
    std::mt19937_64 random{11};  // NOLINT(cert-msc51-cpp): the same numbers each time
    for (int round = 0; round < 1000; ++round) {
        const SegmentIndex index = random_index(random);
        const auto walls = sample_walls(index, kWall);
        REQUIRE(walls.size() == index.samples.size());
        REQUIRE(std::ranges::is_sorted(walls));
    }
}
