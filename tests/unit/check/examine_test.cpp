// One file's bytes against its row and index.
#include "storage/check/examine.hpp"

#include "storage/mp4/index.hpp"
#include "storage/mp4/write.hpp"
#include "tests/support/segment_bytes.hpp"
#include "tests/unit/segment/footage.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace sluice::check {
namespace {

using catalogue::DamageKind;
using namespace test::footage;

/// Five seconds of a run, whole in memory, with what the catalogue says of them.
struct Example {
    Example() {
        std::vector<mp4::SampleData> samples;
        for (unsigned second = 0; second < 5; ++second)
            for (mp4::SampleData& data : make_fragment(second).samples)
                samples.push_back(std::move(data));
        info = make_info();
        info.sequence = 3;
        info.previous_sha256 = sha256(as_bytes("the one before"));
        segment = test::build_segment(make_format(), info, samples, kRunStart);
        expected.index = segment.index;
        expected.previous = info.previous_sha256;
        expected.row.id = info.segment_id;
        expected.row.stream_id = info.stream_id;
        expected.row.run_id = info.run_id;
        expected.row.sequence = info.sequence;
        expected.row.path = "live/2026-11-23/drive-left/main/x.mp4";
        expected.row.range = {kRunStart, kRunStart + std::chrono::seconds{5}};
        expected.row.bytes = segment.bytes.size();
        expected.row.sha256 = sha256(segment.bytes);
        expected.row.format_id = catalogue::format_id(make_format());
        expected.row.sums = mp4::sum_up(segment.index);
    }
    [[nodiscard]] std::vector<Finding> look(const Bytes& bytes) const {
        const UniqueFd fd = test::in_memory_file(bytes);
        const auto examined = examine(fd.get(), expected, [](std::uint64_t) { return true; });
        REQUIRE(examined);
        CHECK(examined->bytes == bytes.size());
        return examined->findings;
    }
    [[nodiscard]] std::vector<Finding> look() const { return look(segment.bytes); }
    /// With the bits of these bytes turned around.
    [[nodiscard]] Bytes flipped(std::initializer_list<std::uint64_t> places) const {
        Bytes bytes = segment.bytes;
        for (const std::uint64_t place : places)
            bytes.at(place) ^= 0x40U;
        return bytes;
    }

    mp4::SegmentInfo info;
    test::SegmentBytes segment;
    Expected expected;
};

TEST_CASE("a file as it was written has no finding", "[check]") {
    CHECK(Example{}.look().empty());
}

TEST_CASE("a flipped byte in a fragment's head is named to the byte", "[check]") {
    const Example example;
    const mp4::Fragment& third = example.segment.index.fragments.at(2);
    for (const std::uint64_t place : {third.offset + 5, third.offset + 60, third.data_offset - 1}) {
        CAPTURE(place);
        const auto findings = example.look(example.flipped({place}));
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].kind == FindingKind::unreadable_box);
        REQUIRE(findings[0].damage.size() == 1);
        CHECK(findings[0].damage[0] == catalogue::Damage{place, place + 1, DamageKind::box});
    }
    const auto two = example.look(
        example.flipped({third.offset + 5, third.offset + 60, example.segment.index.fragments[4].offset})
    );
    REQUIRE(two.size() == 1);
    REQUIRE(two[0].damage.size() == 2);
    CHECK(two[0].damage[0] == catalogue::Damage{third.offset + 5, third.offset + 61, DamageKind::box});
}

TEST_CASE(
    "a flipped byte in the pictures damages the file as a whole: one hash can't tell where",
    "[check]"
) {
    const Example example;
    const std::uint64_t place = example.segment.index.fragments.at(1).data_offset + 700;
    const auto findings = example.look(example.flipped({place}));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].kind == FindingKind::hash_differs);
    REQUIRE(findings[0].damage.size() == 1);
    CHECK(findings[0].damage[0] == catalogue::Damage{0, example.segment.bytes.size(), DamageKind::content});
}

TEST_CASE("a damaged head beside damaged pictures hides nothing", "[check]") {
    const Example example;
    const mp4::Fragment& second = example.segment.index.fragments.at(1);
    const auto findings = example.look(example.flipped({second.offset + 3, second.data_offset + 700}));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].kind == FindingKind::unreadable_box);
    REQUIRE(findings[0].damage.size() == 2);
    CHECK(findings[0].damage[1].kind == DamageKind::content);
    CHECK(findings[0].damage[1].from == 0);
}

TEST_CASE(
    "no single flipped byte anywhere in a file stays unseen, and its place is in the range told",
    "[check]"
) {
    const Example example;
    std::mt19937 random{7};  // NOLINT: the same places every time
    for (int round = 0; round < 300; ++round) {
        const std::uint64_t place = random() % example.segment.bytes.size();
        CAPTURE(place);
        const auto findings = example.look(example.flipped({place}));
        REQUIRE(findings.size() == 1);
        bool is_inside = false;
        for (const auto& damage : findings[0].damage)
            is_inside |= damage.from <= place && place < damage.to;
        CHECK(is_inside);
    }
}

TEST_CASE("a file cut short is damaged up to where its row says it ends", "[check]") {
    const Example example;
    Bytes cut = example.segment.bytes;
    cut.resize(cut.size() / 2);
    const auto findings = example.look(cut);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].damage.back().to == example.segment.bytes.size());
}

TEST_CASE("a sound file tells what is wrong with its row's index", "[check]") {
    Example example;
    const std::uint64_t end = example.segment.index.end_bytes;
    SECTION("one sample's size in the third fragment") {
        example.expected.index->samples[25].size_bytes += 1;
        const auto findings = example.look();
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].kind == FindingKind::index_differs);
        const std::uint64_t from = example.segment.index.fragments[2].offset;
        CHECK(findings[0].damage == std::vector{catalogue::Damage{from, end, DamageKind::index}});
    }
    SECTION("a fragment is missing in it") {
        example.expected.index->fragments.pop_back();
        const auto findings = example.look();
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].damage[0].from == example.segment.index.fragments[4].offset);
    }
    SECTION("it can't be read") {
        example.expected.index.reset();
        const auto findings = example.look();
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].damage == std::vector{catalogue::Damage{0, end, DamageKind::index}});
    }
    SECTION("the row's counts are others") {
        example.expected.row.sums.samples += 1;
        CHECK(example.look().at(0).kind == FindingKind::index_differs);
    }
    SECTION("the row is of another run") {
        example.expected.row.run_id = make_id(99);
        CHECK(example.look().at(0).kind == FindingKind::index_differs);
    }
}

TEST_CASE("a chain of hashes that does not hold is told, and nothing is marked for it", "[check][I9]") {
    Example example;
    example.expected.previous = sha256(as_bytes("another one"));
    const auto findings = example.look();
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].kind == FindingKind::chain_broken);
    CHECK(findings[0].damage.empty());
    example.expected.previous.reset();  // destroyed, or on a disk that is away: nothing to compare
    CHECK(example.look().empty());
}

TEST_CASE("an observer that says stop ends the reading", "[check]") {
    const Example example;
    const UniqueFd fd = test::in_memory_file(example.segment.bytes);
    const auto examined = examine(fd.get(), example.expected, [](std::uint64_t) { return false; });
    REQUIRE_FALSE(examined);
    CHECK(examined.error().remedy() == Remedy::cancelled);
}

}  // namespace
}  // namespace sluice::check
