#include "storage/retention/space.hpp"

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

constexpr std::uint64_t kGiga = 1ULL << 30U;

TEST_CASE(
    "art. 6: room is made before the reserve is reached, a hundredth of the disk ahead",
    "[retention][rule]"
) {
    const auto need = [](std::uint64_t free) {
        return find_need({.total_bytes = 100 * kGiga, .free_bytes = free}, 5 * kGiga);
    };
    CHECK(need(50 * kGiga) == 0);
    CHECK(need(6 * kGiga) == 0);
    CHECK(need(6 * kGiga - 1) == kGiga + 1);  // up to two hundredths above the reserve
    CHECK(need(5 * kGiga) == 2 * kGiga);
    CHECK(need(0) == 7 * kGiga);
    // A huge disk is not emptied by hundreds of gigabytes at once.
    CHECK(find_need({.total_bytes = 10'000 * kGiga, .free_bytes = 515 * kGiga}, 500 * kGiga) == 17 * kGiga);
}

}  // namespace
}  // namespace sluice::retention
