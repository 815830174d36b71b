#include "storage/retention/pace.hpp"

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a purge rests the longer, the longer the recorder's writes wait", "[retention][pace]") {
    struct Case {
        std::optional<std::int64_t> lag_us;
        std::chrono::microseconds pause;
    };
    const Case cases[] = {
        {std::nullopt, 0us},
        {0, 0us},
        {24'999, 0us},
        {25'000, 40ms},
        {49'999, 40ms},
        {50'000, 160ms},
        {900'000, 160ms},
    };
    for (const Case& one : cases) {
        CAPTURE(one.lag_us.value_or(0), one.pause.count());
        CHECK(pause_after(80ms, one.lag_us) == one.pause);
    }
    CHECK(pause_after(0us, 900'000) == 0us);
}

}  // namespace
}  // namespace sluice::retention
