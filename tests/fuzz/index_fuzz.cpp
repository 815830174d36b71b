#include "storage/mp4/index.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace sluice;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

/// Whatever is taken for an index comes back the same, and can be worked with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto index = mp4::decode_index({data, size});
    if (!index) return 0;
    check(index->samples.size() <= size && index->fragments.size() <= size);
    const auto again = mp4::decode_index(mp4::encode_index(*index));
    check(again && *again == *index);
    check(mp4::sum_up(*index).samples == index->samples.size());
    const auto walls = mp4::sample_walls(*index, from_epoch_us(1'795'428'900'000'000));
    check(walls.size() == index->samples.size() && std::ranges::is_sorted(walls));
    return 0;
}
