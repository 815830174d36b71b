#include "storage/clip/hls_cut.hpp"

#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::clip {
namespace {

/// A fragment: its length in milliseconds, whether it begins with a key frame, and what is missing before it.
struct Made {
    std::uint32_t milliseconds = 1000;
    bool is_key = false;
    std::int64_t missing_milliseconds = 0;
};

mp4::SegmentIndex index_of(const std::vector<Made>& fragments) {
    mp4::SegmentIndex index;
    std::int64_t tick = 900'000;
    for (const Made& made : fragments) {
        tick += made.missing_milliseconds * 90;
        index.fragments.push_back({
            .offset = 0,
            .data_offset = 0,
            .base_decode_time = static_cast<std::uint64_t>(tick),
            .wall = {},
            .first_sample = static_cast<std::uint32_t>(index.samples.size()),
            .sample_count = 1,
        });
        index.samples.push_back(
            {.size_bytes = 1,
             .duration = made.milliseconds * 90,
             .composition_offset = 0,
             .is_key = made.is_key}
        );
        tick += made.milliseconds * 90;
    }
    return index;
}

std::vector<HlsCut> cut_all(const mp4::SegmentIndex& index) {
    return cut_fragments(index, 0, static_cast<std::uint32_t>(index.fragments.size()));
}

/// "0-2 2-4": where the segments are; '!' behind one that follows a gap.
std::string places(const std::vector<Made>& fragments) {
    std::string text;
    for (const HlsCut& cut : cut_all(index_of(fragments)))
        text += (text.empty() ? "" : " ") + std::to_string(cut.first) + "-" + std::to_string(cut.end) +
                (cut.is_after_gap ? "!" : "");
    return text;
}

TEST_CASE(
    "HLS segments begin at a key frame once two seconds are full, and at six in any case",
    "[clip][hls]"
) {
    constexpr Made kKey{.milliseconds = 1000, .is_key = true};
    constexpr Made kRest{.milliseconds = 1000};
    CHECK(places({}).empty());
    CHECK(places({kKey}) == "0-1");
    CHECK(places({kKey, kKey, kKey, kKey, kKey}) == "0-2 2-4 4-5");
    CHECK(places({kKey, kRest, kRest, kKey, kRest}) == "0-3 3-5");
    CHECK(places({kKey, kRest, kRest, kRest, kRest, kRest, kRest, kRest, kKey}) == "0-6 6-8 8-9");
    // 1.98 s are not two: the next key frame begins it.
    constexpr Made kShort{.milliseconds = 990, .is_key = true};
    CHECK(places({kShort, kShort, kShort, kShort}) == "0-3 3-4");
    // A fragment that would make it longer than six begins the next one.
    constexpr Made kLong{.milliseconds = 2500};
    CHECK(places({kKey, kLong, kLong, kLong}) == "0-3 3-4");
    // Key frame only once an hour.
    CHECK(places(std::vector<Made>(13, kRest)) == "0-6 6-12 12-13");
}

TEST_CASE("a gap in media time begins an HLS segment, a stumble does not", "[clip][hls]") {
    constexpr Made kKey{.milliseconds = 1000, .is_key = true};
    CHECK(places({kKey, {1000, false, 501}, {1000, false}}) == "0-1 1-3!");
    CHECK(places({kKey, {1000, false, 500}, {1000, false}}) == "0-3");
    CHECK(places({kKey, {1000, true, -600}, {1000, false}}) == "0-1 1-3!");
    CHECK(places({kKey, kKey, {1000, true, 10'000}}) == "0-2 2-3!");
}

TEST_CASE("a fragment over six seconds is one segment that counts six", "[clip][hls]") {
    const auto index = index_of({{1000, true}, {9000, false}, {1000, false}});
    const auto cuts = cut_all(index);
    REQUIRE(cuts.size() == 3);
    CHECK(cuts[1] == HlsCut{.first = 1, .end = 2, .ticks = 540'000, .is_after_gap = false});
}

/// Fragments as they may ever come, from a fixed seed.
std::vector<Made> any_fragments(std::mt19937& random) {
    const auto pick = [&](unsigned below) { return static_cast<std::uint32_t>(random() % below); };
    std::vector<Made> made(1 + pick(90));
    const unsigned keys = 1 + pick(8);
    for (Made& fragment : made) {
        fragment.milliseconds = pick(20) == 0 ? 1 + pick(6000) : 100 + pick(950);
        fragment.is_key = pick(keys) == 0;
        fragment.missing_milliseconds = pick(25) == 0 ? pick(20'000) : 0;
    }
    made.front().is_key = true;
    return made;
}

TEST_CASE("any fragments become segments of six seconds at most that hold all media once", "[clip][hls]") {
    std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same cases each time
    for (int round = 0; round < 400; ++round) {
        const std::vector<Made> made = any_fragments(random);
        const auto index = index_of(made);
        const auto cuts = cut_all(index);
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < cuts.size(); ++i) {
            const HlsCut& cut = cuts[i];
            REQUIRE(cut.first == (i == 0 ? 0 : cuts[i - 1].end));
            REQUIRE(cut.first < cut.end);
            REQUIRE(cut.ticks <= kHlsLongestTicks);
            total += cut.ticks;
            if (i == 0) continue;
            const bool is_full = cuts[i - 1].ticks >= kHlsShortestTicks && begins_with_key(index, cut.first);
            const std::uint64_t next = index.samples[cut.first].duration;
            const bool would_be_long = cuts[i - 1].ticks + next > kHlsLongestTicks;
            REQUIRE((cut.is_after_gap || is_full || would_be_long));
            // No later than at the first place where it may.
            for (std::uint32_t inside = cuts[i - 1].first + 1; inside < cuts[i - 1].end; ++inside) {
                std::uint64_t so_far = 0;
                for (std::uint32_t number = cuts[i - 1].first; number < inside; ++number)
                    so_far += index.samples[number].duration;
                REQUIRE_FALSE((begins_with_key(index, inside) && so_far >= kHlsShortestTicks));
            }
        }
        REQUIRE(cuts.back().end == made.size());
        const std::uint64_t media = std::accumulate(
            made.begin(),
            made.end(),
            std::uint64_t{0},
            [](std::uint64_t sum, const Made& one) { return sum + one.milliseconds * 90ULL; }
        );
        REQUIRE(total == media);
    }
}

TEST_CASE("I21: what is cut stays cut when the file grows", "[clip][hls][I21]") {
    std::mt19937 random{11};  // NOLINT(cert-msc51-cpp): the same cases each time
    for (int round = 0; round < 100; ++round) {
        const auto index = index_of(any_fragments(random));
        const auto whole = cut_all(index);
        for (std::uint32_t end = 1; end <= index.fragments.size(); ++end) {
            const auto early = cut_fragments(index, 0, end);
            for (std::size_t i = 0; i + 1 < early.size(); ++i)
                REQUIRE(early[i] == whole[i]);
            REQUIRE(early.back().first == whole[early.size() - 1].first);
        }
    }
}

}  // namespace
}  // namespace sluice::clip
