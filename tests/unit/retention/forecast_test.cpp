#include "storage/retention/forecast.hpp"

#include <numeric>

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using std::chrono::days;

constexpr std::uint64_t kTera = 1'000'000'000'000;

const Staying kFloor{.coming = days{30}, .present = {}};

VolumeUse even(std::size_t days_of_footage, std::uint64_t per_day, std::uint64_t free) {
    return {
        .bytes_by_age = std::vector<std::uint64_t>(days_of_footage, per_day),
        .held_bytes = 0,
        .free_bytes = free,
        .bytes_per_day = per_day
    };
}

TEST_CASE(
    "art. 6: 4 TB over 16 channels and 30 days is 772 kbit/s a channel; 2 Mbit/s need 10.4 TB",
    "[retention]"
) {
    CHECK((rate_for(4 * kTera, 16, 30) + 500) / 1000 == 772);
    const auto size = size_for({.cameras = 16, .bits_per_second = 2'000'000, .days = 30});
    REQUIRE(size);
    CHECK(size->bytes == 10'368'000'000'000);
    CHECK(size->bytes_per_camera == 648'000'000'000);
}

TEST_CASE("a planner's answer that does not fit into 64 bits is none", "[retention]") {
    CHECK_FALSE(size_for({.cameras = 2, .bits_per_second = UINT64_MAX, .days = 1}));
    CHECK_FALSE(size_for({.cameras = UINT64_MAX, .bits_per_second = 8, .days = 1}));
    CHECK(size_for({.cameras = 0, .bits_per_second = 8, .days = 1})->bytes == 0);
    CHECK(size_for({.cameras = 1, .bits_per_second = 1, .days = 1})->bytes == 10'800);
    CHECK(rate_for(kTera, 0, 30) == 0);
}

TEST_CASE(
    "art. 7(3): a disk that holds the floor's length at the measured rate is never at risk",
    "[retention]"
) {
    for (std::size_t age = 0; age <= 60; ++age) {
        const Forecast forecast =
            make_forecast(even(age, 100, 3000 - std::min<std::uint64_t>(3000, age * 100)), kFloor);
        CHECK_FALSE(forecast.floor_at_risk_in);
    }
    CHECK(*make_forecast(even(10, 100, 2500), kFloor).days_held == Approx(35));
}

TEST_CASE(
    "art. 7(3): the day of risk is the last on which the room is enough, whatever lies there already",
    "[retention]"
) {
    // 1000 bytes in all at 100 a day: an empty disk holds ten days, and on the eleventh the floor would
    // break.
    CHECK(make_forecast(even(0, 100, 1000), kFloor).floor_at_risk_in == days{10});
    CHECK(make_forecast(even(5, 100, 500), kFloor).floor_at_risk_in == days{5});
    CHECK(make_forecast(even(10, 100, 0), kFloor).floor_at_risk_in == days{0});
    CHECK(make_forecast(even(29, 100, 0), kFloor).floor_at_risk_in == days{0});
    CHECK_FALSE(make_forecast(even(30, 100, 0), kFloor).floor_at_risk_in);
    // Old footage is room: it may be overwritten.
    VolumeUse old = even(0, 100, 0);
    old.bytes_by_age.assign(60, 0);
    old.bytes_by_age[50] = 1000;
    CHECK(make_forecast(old, kFloor).floor_at_risk_in == days{10});
    // Held footage is none.
    VolumeUse held = even(0, 100, 1000);
    held.held_bytes = 1'000'000;
    CHECK(make_forecast(held, kFloor).floor_at_risk_in == days{10});
    CHECK(*make_forecast(held, kFloor).days_held == Approx(10));
}

TEST_CASE("art. 12: footage that began under a longer floor takes its room for that long", "[retention]") {
    const UtcTime now = from_rfc3339("2026-11-23T10:00:00Z").value();
    policy::Version longer{.number = 1, .valid_from = {}, .policy = {}};
    longer.policy.floor_days = longer.policy.keep_days = 60;
    longer.policy.ceiling_years = 1;
    longer.policy.when_full = policy::WhenFull::overwrite_oldest;
    policy::Version shorter = longer;
    shorter.number = 2;
    shorter.valid_from = now - days{5};
    shorter.policy.floor_days = shorter.policy.keep_days = 30;
    const Staying staying = find_staying({longer, shorter}, 50, now);
    CHECK(staying.coming == days{30});
    CHECK(staying.of(4) == days{30});
    CHECK(staying.of(5) == days{60});
    CHECK(staying.of(49) == days{60});
    CHECK(staying.of(50) == days{30});
    // Fifty days of footage on a full disk: by the shorter floor alone twenty of them could go.
    CHECK_FALSE(make_forecast(even(50, 100, 0), kFloor).floor_at_risk_in);
    CHECK(make_forecast(even(50, 100, 0), staying).floor_at_risk_in == days{0});
    CHECK_FALSE(make_forecast(even(60, 100, 0), find_staying({longer, shorter}, 60, now)).floor_at_risk_in);
}

TEST_CASE("a disk whose footage does not go for room is full when the window does not fit", "[retention]") {
    const UtcTime now = from_rfc3339("2026-11-23T10:00:00Z").value();
    policy::Version version{.number = 1, .valid_from = {}, .policy = {}};
    version.policy.floor_days = 30;
    version.policy.keep_days = 90;
    version.policy.ceiling_years = 1;
    version.policy.when_full = policy::WhenFull::stop;
    CHECK(make_forecast(even(80, 100, 500), find_staying({version}, 80, now)).floor_at_risk_in == days{5});
    CHECK_FALSE(make_forecast(even(80, 100, 1000), find_staying({version}, 80, now)).floor_at_risk_in);
    version.policy.keep_days = 0;  // "capacity"
    CHECK(make_forecast(even(80, 100, 1000), find_staying({version}, 80, now)).floor_at_risk_in == days{10});
    version.policy.when_full = policy::WhenFull::overwrite_oldest;
    CHECK_FALSE(make_forecast(even(80, 100, 500), find_staying({version}, 80, now)).floor_at_risk_in);
}

TEST_CASE("a disk that nobody records on has no forecast", "[retention]") {
    CHECK_FALSE(make_forecast(even(0, 0, 1000), kFloor).days_held);
    CHECK_FALSE(make_forecast(even(0, 0, 0), kFloor).floor_at_risk_in);
}

TEST_CASE("several volumes are one room", "[retention]") {
    const VolumeUse all = together({even(3, 100, 50), even(5, 10, 7)});
    CHECK(all.bytes_by_age == std::vector<std::uint64_t>{110, 110, 110, 10, 10});
    CHECK(all.free_bytes == 57);
    CHECK(all.bytes_per_day == 110);
}

}  // namespace
}  // namespace sluice::retention
