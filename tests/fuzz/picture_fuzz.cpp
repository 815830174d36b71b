#include "jobs/xvr/jpeg.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;

/// A recorder may send anything for a picture: what is taken for one has a size, and begins and ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto facts = xvr::read_jpeg(bytes);
    if (!facts) {
        if (facts.error().label() != "no_picture" && facts.error().label() != "cut_off") std::abort();
        return 0;
    }
    if (facts->width == 0 || facts->height == 0 || facts->coded_bytes + 4 > size) std::abort();
    static_cast<void>(facts->is_flat());
    return 0;
}
