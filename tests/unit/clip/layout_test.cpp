#include "storage/clip/detail/layout.hpp"

#include "storage/clip/detail/plan.hpp"
#include "storage/mp4/index.hpp"

#include <limits>
#include <random>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

using namespace std::chrono_literals;

constexpr Table kTablesOfHead[] =
    {Table::durations, Table::compositions, Table::keys, Table::sizes, Table::chunks, Table::offsets};

mp4::SegmentIndex draw_index(std::mt19937& random) {
    const auto draw = [&](std::uint32_t low, std::uint32_t high) {
        return std::uniform_int_distribution<std::uint32_t>{low, high}(random);
    };
    mp4::SegmentIndex index;
    const std::uint32_t fragments = draw(1, 5);
    std::uint64_t decode = 0;
    for (std::uint32_t i = 0; i < fragments; ++i) {
        const auto first = static_cast<std::uint32_t>(index.samples.size());
        const std::uint32_t count = draw(1, 30);
        mp4::Fragment fragment;
        fragment.base_decode_time = decode;
        fragment.first_sample = first;
        fragment.sample_count = count;
        index.fragments.push_back(fragment);
        for (std::uint32_t sample = 0; sample < count; ++sample) {
            const std::uint32_t duration = draw(0, 3) == 0 ? 3601 : 3600;
            const auto composition = static_cast<std::int32_t>(draw(0, 2) * 3600);
            index.samples.push_back({draw(1, 5000), duration, composition, sample == 0});
            decode += duration;
        }
    }
    return index;
}

std::uint32_t u32_at(const Bytes& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8U | bytes.at(at + i);
    return value;
}

mp4::VideoFormat format() {
    mp4::VideoFormat made;
    made.width = 1920;
    made.height = 1080;
    made.decoder_config = {1, 0x64, 0, 0x28, 0xff, 0xe0, 0};
    made.codec_string = "avc1.640028";
    return made;
}

TEST_CASE("every table is as long as the sums of its index say", "[clip]") {
    std::mt19937 random{1};
    for (int round = 0; round < 200; ++round) {
        const mp4::SegmentIndex index = draw_index(random);
        const mp4::IndexSums sums = mp4::sum_up(index);
        PartShape part;
        part.own = counts_of(sums);
        for (const Table table : kTablesOfHead) {
            const auto entries = make_entries(table, part, index, sums.ticks, 1000);
            REQUIRE(entries);
            CHECK(entries->size() == table_bytes(table, part.own));
        }
        // The last sample reaches to the next part, and the table stays as long.
        const auto stretched = make_entries(Table::durations, part, index, sums.ticks + 90'000, 1000);
        REQUIRE(stretched);
        CHECK(u32_at(*stretched, stretched->size() - 8) == 1);
        CHECK(u32_at(*stretched, stretched->size() - 4) == index.samples.back().duration + 90'000);
    }
}

TEST_CASE("an index that does not make what its row promised is an error", "[clip]") {
    std::mt19937 random{2};
    const mp4::SegmentIndex index = draw_index(random);
    PartShape part;
    part.own = counts_of(mp4::sum_up(index));
    ++part.own.samples;
    const auto sizes = make_entries(Table::sizes, part, index, 1, 0);
    REQUIRE_FALSE(sizes);
    CHECK(sizes.error().remedy() == Remedy::abandon_file);
    CHECK_FALSE(make_entries(Table::sizes, part, mp4::SegmentIndex{}, 1, 0));
}

TEST_CASE("the boxes of a head fill it exactly", "[clip]") {
    const Counts total{
        .samples = 7,
        .key_samples = 2,
        .fragments = 3,
        .duration_runs = 4,
        .composition_runs = 5,
        .bytes = 900
    };
    Presentation presentation{.from = from_epoch_us(1'795'000'000'000'000), .media_ticks = 25'200};
    presentation.presentation_ticks = 25'200;
    presentation.has_composition = GENERATE(true, false);
    presentation.first_composition = presentation.has_composition ? 7200 : 0;
    const mp4::VideoFormat formats[] = {format(), format()};
    const auto layout = lay_out(total, presentation, formats);
    REQUIRE(layout);
    CHECK(layout->sections.size() == (presentation.has_composition ? 7 : 6));
    const Bytes& prefix = layout->sections.front().header;
    const std::uint32_t type = u32_at(prefix, 0);
    const std::uint32_t movie = u32_at(prefix, type);
    CHECK(layout->size_bytes == type + std::uint64_t{movie} + 16 + 900);
    CHECK(layout->data_offset() == type + std::uint64_t{movie} + 16);
}

TEST_CASE("a head too large for 32 bits is refused", "[clip]") {
    Counts total{
        .samples = 1, .key_samples = 1, .fragments = 1, .duration_runs = 1, .composition_runs = 1, .bytes = 1
    };
    total.samples = std::uint64_t{1} << 31U;
    const mp4::VideoFormat formats[] = {format()};
    const auto layout = lay_out(total, {}, formats);
    REQUIRE_FALSE(layout);
    CHECK(layout.error().remedy() == Remedy::refuse);
}

TEST_CASE("the next run begins at its wall time and never before the end of this one", "[clip]") {
    const UtcTime from = from_epoch_us(1'795'000'000'000'000);
    const RunEdge last{.first_decode = 0, .ticks = 90'000, .last_duration = 3600, .wall = from};
    CHECK(span_to_next_run(0, last, from, from + 10s) == 900'000);
    CHECK(span_to_next_run(450'000, last, from, from + 10s) == 450'000);
    CHECK(span_to_next_run(0, last, from, from + 900ms) == 90'000);
    CHECK(span_to_next_run(0, last, from, from - 1s) == 90'000);
    // 12 h fit into the 32 bits of a duration; what does not is cut, not wrapped.
    CHECK(span_to_next_run(0, last, from, from + 12h) == std::uint64_t{12} * 3600 * 90'000);
    const std::uint64_t longest = std::numeric_limits<std::uint32_t>::max();
    CHECK(span_to_next_run(0, last, from, from + 20h) == longest + 86'400);
}

}  // namespace
}  // namespace sluice::clip
