#include "api/coverage/rules.hpp"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
constexpr UtcTime at(int seconds) {
    return kStart + std::chrono::seconds{seconds};
}
constexpr TimeRange range(int from, int to) {
    return {at(from), at(to)};
}

catalogue::GapRow gap(int from, std::optional<int> to, GapCause cause) {
    catalogue::GapRow row;
    row.from = at(from);
    if (to) row.to = at(*to);
    row.cause = cause;
    return row;
}

TEST_CASE("runs that touch or overlap are one stretch, clamped to the interval", "[api][coverage][rule]") {
    const auto coverage =
        cover({range(50, 70), range(-10, 20), range(20, 30), range(25, 28)}, {}, range(0, 60), at(1000));
    CHECK(coverage.covered == std::vector{range(0, 30), range(50, 60)});
    CHECK(coverage.percent == Approx(100.0 * 40 / 60));
}

TEST_CASE("gaps are clamped and an open one ends now", "[api][coverage][rule]") {
    const auto coverage = cover(
        {},
        {gap(40, {}, GapCause::camera_unreachable),
         gap(-5, 10, GapCause::shutdown),
         gap(60, 70, GapCause::power)},
        range(0, 60),
        at(50)
    );
    REQUIRE(coverage.gaps.size() == 2);
    CHECK(coverage.gaps[0] == CoveredGap{range(0, 10), GapCause::shutdown, "", false});
    CHECK(coverage.gaps[1] == CoveredGap{range(40, 50), GapCause::camera_unreachable, "", true});
    CHECK(coverage.percent == 0);
}

TEST_CASE("what has not passed yet counts neither as covered nor as missing", "[api][coverage][rule]") {
    CHECK(cover({range(0, 30)}, {}, range(0, 60), at(30)).percent == Approx(100));
    CHECK(cover({range(0, 15)}, {}, range(0, 60), at(30)).percent == Approx(50));
    CHECK(cover({}, {}, range(0, 60), at(-1)).percent == 0);
}

}  // namespace
}  // namespace sluice::api
