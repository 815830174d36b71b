#include "config/base/wait.hpp"

#include <chrono>
#include <stop_token>
#include <thread>

#include <catch2/catch.hpp>

namespace sluice {
namespace {
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
}  // namespace

TEST_CASE("A wait that nobody stops lasts its time", "[base]") {
    const std::stop_source source;
    const auto begun = SteadyClock::now();
    CHECK(wait_unless_stopped(source.get_token(), 20ms));
    CHECK(SteadyClock::now() - begun >= 20ms);
    CHECK(wait_unless_stopped(std::stop_token{}, 0ms));
}

TEST_CASE("A stop ends a wait, before it and in the midst of it", "[base]") {
    std::stop_source source;
    const std::jthread stopper{[&] { source.request_stop(); }};
    // A minute is far more than any machine needs to see the stop.
    const auto begun = SteadyClock::now();
    CHECK_FALSE(wait_unless_stopped(source.get_token(), 60s));
    CHECK(SteadyClock::now() - begun < 50s);
    CHECK_FALSE(wait_unless_stopped(source.get_token(), 60s));
}

}  // namespace sluice
