#include "daemon/timeline.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;
using daemon::Timeline;

namespace {

constexpr std::int64_t kFrame = 3600;  // 25 frames a second

BootTime at_ms(std::int64_t ms) {
    return BootTime{std::chrono::milliseconds{ms}};
}

std::vector<Timeline::Place>
place_all(Timeline& timeline, const std::vector<std::int64_t>& pts, std::int64_t step_ms = 40) {
    std::vector<Timeline::Place> places;
    for (std::size_t i = 0; i < pts.size(); ++i)
        places.push_back(timeline.place(pts[i], at_ms(1000 + step_ms * static_cast<std::int64_t>(i))));
    return places;
}

void check_strictly_increasing(const std::vector<Timeline::Place>& places) {
    for (std::size_t i = 1; i < places.size(); ++i)
        CHECK(places[i].dts > places[i - 1].dts);
}

}  // namespace

TEST_CASE("without reordering DTS is PTS, counted from the run's first unit", "[daemon][timeline]") {
    Timeline timeline;
    const auto places = place_all(timeline, {500'000, 503'600, 507'200});
    CHECK(places[0].pts == 0);
    CHECK(places[2].pts == 2 * kFrame);
    CHECK(places[2].dts == 2 * static_cast<std::uint64_t>(kFrame));
    CHECK(timeline.nominal_ticks() == static_cast<std::uint64_t>(kFrame));
}

TEST_CASE(
    "with a stated reorder depth DTS runs that many frames behind and never after PTS",
    "[daemon][timeline]"
) {
    Timeline timeline;
    timeline.expect_reorder(2);
    std::vector<std::int64_t> pts;  // I P B b …: decode order of a pyramid
    for (const std::int64_t frame : {0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11})
        pts.push_back(frame * kFrame);
    const auto places = place_all(timeline, pts);
    check_strictly_increasing(places);
    for (const auto& place : places)
        CHECK(static_cast<std::int64_t>(place.dts) <= std::max<std::int64_t>(place.pts, 2));
    // Frame n of the decode order gets the time of output frame n − 2.
    for (std::size_t i = 3; i < places.size(); ++i)
        CHECK(places[i].dts == static_cast<std::uint64_t>((static_cast<std::int64_t>(i) - 2) * kFrame));
}

TEST_CASE("a reorder depth that is not stated is learnt from the stream", "[daemon][timeline]") {
    Timeline timeline;
    std::vector<std::int64_t> pts{0};
    for (std::int64_t group = 0; group < 20; ++group)
        for (const std::int64_t frame : {3, 1, 2})
            pts.push_back((group * 3 + frame) * kFrame);
    const auto places = place_all(timeline, pts);
    check_strictly_increasing(places);
    for (std::size_t i = 6; i < places.size(); ++i)
        CHECK(static_cast<std::int64_t>(places[i].dts) <= places[i].pts);
}

TEST_CASE("the RTP clock's wrap-around is no jump", "[daemon][timeline]") {
    Timeline timeline;
    const std::int64_t near = (std::int64_t{1} << 32) - 2 * kFrame;
    const auto places = place_all(timeline, {near, near + kFrame, 0, kFrame, 2 * kFrame});
    for (std::size_t i = 0; i < places.size(); ++i) {
        CHECK(places[i].pts == static_cast<std::int64_t>(i) * kFrame);
        CHECK_FALSE(places[i].has_jumped);
    }
}

TEST_CASE("a camera's clock set by an hour is bridged with the time that passed here", "[daemon][timeline]") {
    const std::int64_t hour = 3600LL * 90'000;
    for (const std::int64_t jump : {hour, -hour}) {
        Timeline timeline;
        const auto places = place_all(timeline, {0, kFrame, 2 * kFrame + jump, 3 * kFrame + jump});
        CHECK(places[2].has_jumped);
        CHECK_FALSE(places[3].has_jumped);
        CHECK(places[2].pts == 2 * kFrame);
        CHECK(places[3].pts == 3 * kFrame);
        CHECK(timeline.jumps() == 1);
    }
}

TEST_CASE("a pause that the camera's clock counted is kept and is no jump", "[daemon][timeline]") {
    Timeline timeline;
    (void)timeline.place(0, at_ms(0));
    const auto late = timeline.place(120LL * 90'000, at_ms(120'000));
    CHECK_FALSE(late.has_jumped);
    CHECK(late.pts == 120LL * 90'000);
}

TEST_CASE("25 frames declared and 21 delivered: the real distance is what counts", "[daemon][timeline]") {
    Timeline timeline;
    std::vector<std::int64_t> pts;
    for (std::int64_t i = 0; i < 105; ++i)
        pts.push_back(i * 90'000 / 21);
    std::vector<Timeline::Place> places;
    for (std::size_t i = 0; i < pts.size(); ++i)
        places.push_back(
            timeline.place(pts[i], BootTime{Microseconds{static_cast<std::int64_t>(i) * 1'000'000 / 21}})
        );
    CHECK(places.back().dts == static_cast<std::uint64_t>(pts.back()));
    CHECK(timeline.nominal_ticks() == Approx(90'000.0 / 21).margin(1));
    CHECK(timeline.media_rate() == Approx(1).margin(0.001));
}

TEST_CASE("a camera's clock that runs slow is measured, never corrected", "[daemon][timeline]") {
    Timeline timeline;
    Timeline::Place last;
    for (std::int64_t i = 0; i < 500; ++i)
        last = timeline.place(i * 3564, at_ms(i * 40));  // one percent slow
    CHECK(last.pts == 499 * 3564);
    CHECK(timeline.media_rate() == Approx(0.99).margin(0.0005));
}

TEST_CASE("whatever a camera sends, DTS increases strictly and no offset overflows", "[daemon][timeline]") {
    std::minstd_rand random{7};
    for (int round = 0; round < 50; ++round) {
        Timeline timeline;
        std::vector<Timeline::Place> places;
        std::int64_t pts = 0;
        std::int64_t now = 0;
        for (int i = 0; i < 400; ++i) {
            const auto dice = random() % 100;
            if (dice < 70)
                pts += kFrame;
            else if (dice < 80)
                pts -= static_cast<std::int64_t>(random() % 400'000);
            else if (dice < 82)
                pts += static_cast<std::int64_t>(random()) * 3;
            else if (dice < 90)
                pts += 0;
            else
                pts += static_cast<std::int64_t>(random() % 20'000);
            now += static_cast<std::int64_t>(random() % 200);
            places.push_back(timeline.place(pts, at_ms(now)));
        }
        check_strictly_increasing(places);
        for (const auto& place : places)
            CHECK(std::abs(place.pts - static_cast<std::int64_t>(place.dts)) < std::int64_t{1} << 31);
    }
}

TEST_CASE("the predicted DTS is the one the successor gets", "[daemon][timeline]") {
    Timeline timeline;
    timeline.expect_reorder(1);
    for (const std::int64_t frame : {0, 2, 1, 4}) {
        (void)timeline.place(frame * kFrame, at_ms(frame * 40));
    }
    const std::uint64_t predicted = timeline.predict_dts(3 * kFrame, at_ms(200));
    CHECK(timeline.place(3 * kFrame, at_ms(200)).dts == predicted);
}

TEST_CASE("a duration that was written holds the next unit back", "[daemon][timeline]") {
    Timeline timeline;
    (void)timeline.place(0, at_ms(0));
    timeline.reserve_until(9000);
    CHECK(timeline.place(kFrame, at_ms(40)).dts == 9000);
}

TEST_CASE(
    "a jump on a frame that others precede in output order leaves room for them",
    "[daemon][timeline]"
) {
    Timeline timeline;
    const std::int64_t hour = 3600LL * 90'000;
    std::vector<std::int64_t> pts;
    for (const std::int64_t frame : {0, 3, 1, 2, 6, 4, 5})
        pts.push_back(frame * kFrame);
    for (const std::int64_t frame : {9, 7, 8, 12, 10, 11})
        pts.push_back(frame * kFrame + hour);
    const auto places = place_all(timeline, pts);
    check_strictly_increasing(places);
    std::vector<std::int64_t> shown;
    for (const auto& place : places)
        shown.push_back(place.pts);
    std::sort(shown.begin(), shown.end());
    CHECK(std::adjacent_find(shown.begin(), shown.end()) == shown.end());
    for (std::size_t i = 7; i < places.size(); ++i)
        CHECK(places[i].pts > 6 * kFrame);
}
