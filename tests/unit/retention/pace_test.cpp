#include "storage/retention/pace.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;

/// What each batch is long, of folders with so many files each.
std::vector<std::size_t> batches_of(const std::vector<std::size_t>& folders) {
    std::vector<catalogue::PurgeCandidate> files;
    for (std::size_t folder = 0; folder < folders.size(); ++folder)
        for (std::size_t file = 0; file < folders[folder]; ++file) {
            catalogue::PurgeCandidate one;
            one.path =
                "live/2025-11-23/cam-" + std::to_string(folder) + "/main/" + std::to_string(file) + ".mp4";
            files.push_back(std::move(one));
        }
    std::vector<std::size_t> lengths;
    for (std::span<const catalogue::PurgeCandidate> left{files}; !left.empty();) {
        lengths.push_back(batch_length(left));
        left = left.subspan(lengths.back());
    }
    return lengths;
}

TEST_CASE("a batch of a purge goes on to the end of a folder, within bounds", "[retention][pace]") {
    using Lengths = std::vector<std::size_t>;
    CHECK(batches_of({}).empty());
    CHECK(batches_of({1}) == Lengths{1});
    CHECK(batches_of({100, 100, 100, 100}) == Lengths{300, 100});
    CHECK(batches_of({256, 10}) == Lengths{256, 10});
    CHECK(batches_of({1440, 1440, 7}) == Lengths{1440, 1440, 7});
    CHECK(batches_of({255, 1440}) == Lengths{1695});
    CHECK(batches_of({5000}) == Lengths{2048, 2048, 904});
    CHECK(batches_of({2048, 300}) == Lengths{2048, 300});
}

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
