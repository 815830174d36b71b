#include "tests/support/site.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

UtcTime at(std::int64_t seconds) {
    return from_epoch_us(1'700'000'000'000'000 + seconds * 1'000'000);
}

/// Footage, a gap of five seconds, footage.
catalogue::Coverage with_gap(GapCause cause, std::int64_t ends = 15) {
    catalogue::Coverage coverage;
    coverage.covered.push_back({.stream_id = {}, .run_id = {}, .range = {at(0), at(10)}});
    coverage.covered.push_back({.stream_id = {}, .run_id = {}, .range = {at(15), at(30)}});
    coverage.gaps.push_back(
        {.id = {}, .stream_id = {}, .from = at(10), .to = at(ends), .cause = cause, .detail = {}}
    );
    return coverage;
}

}  // namespace

TEST_CASE("the judge of coverage objects to holes, overlaps and a gap that nobody explained", "[support]") {
    CHECK(check_no_hole(with_gap(GapCause::disk_full), at(30), 50ms).empty());
    CHECK(check_no_hole(with_gap(GapCause::disk_full, 14), at(30), 50ms).size() == 1);
    CHECK(check_no_hole(with_gap(GapCause::disk_full, 16), at(30), 50ms).size() == 1);
    CHECK(check_no_hole(with_gap(GapCause::disk_full), at(31), 50ms).size() == 1);
    CHECK(check_no_hole({}, at(30), 50ms).size() == 1);
    const auto unexplained = check_no_hole(with_gap(GapCause::unknown), at(30), 50ms);
    REQUIRE(unexplained.size() == 1);
    CHECK(unexplained.front().find("unknown") != std::string::npos);
}

TEST_CASE("a picture is excused by a gap only while it lasts and for its own cause", "[support]") {
    const catalogue::Coverage coverage = with_gap(GapCause::disk_full);
    const auto sent_at = [](UtcTime time) {
        SentPicture picture;
        picture.sent_us = to_epoch_us(time);
        return picture;
    };
    const auto excused = in_gap_of(coverage, GapCause::disk_full, 50ms);
    CHECK(excused(sent_at(at(12))));
    CHECK_FALSE(excused(sent_at(at(9))));
    CHECK_FALSE(excused(sent_at(at(16))));
    CHECK_FALSE(in_gap_of(coverage, GapCause::disk_slow, 50ms)(sent_at(at(12))));
}
