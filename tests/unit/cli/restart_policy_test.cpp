#include "cli/up/restart_policy.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice::up;

TEST_CASE("a program that keeps dying is restarted ever later, 30 s at most", "[cli][up]") {
    CHECK(restart_delay(1) == 500ms);
    CHECK(restart_delay(2) == 1s);
    CHECK(restart_delay(3) == 2s);
    CHECK(restart_delay(6) == 16s);
    CHECK(restart_delay(7) == 30s);
    CHECK(restart_delay(8) == 30s);
    CHECK(restart_delay(4'000'000'000U) == 30s);
}

TEST_CASE("a program that ran a minute has a clean sheet", "[cli][up]") {
    CHECK(failures_in_row(5, 59s) == 6);
    CHECK(failures_in_row(5, 60s) == 1);
    CHECK(failures_in_row(0, 1ms) == 1);
}
