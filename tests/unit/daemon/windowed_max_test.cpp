#include "daemon/windowed_max.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using daemon::WindowedMax;
using namespace std::chrono_literals;

TEST_CASE("a stall leaves the recent seconds long before it leaves the minute", "[daemon]") {
    const BootTime start{1000s};
    WindowedMax lag;
    lag.add(start, 130'000);
    lag.add(start + 2s, 4'000);

    CHECK(lag.get(start + 2s, 3) == 130'000);
    CHECK(lag.get(start + 3s, 3) == 4'000);
    CHECK(lag.get(start + 3s) == 130'000);
    CHECK(lag.get(start + 59s) == 130'000);
    CHECK(lag.get(start + 60s) == 4'000);
    CHECK(lag.get(start + 62s) == 0);
}
