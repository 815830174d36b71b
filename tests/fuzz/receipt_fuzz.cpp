#include "config/base/bytes.hpp"
#include "storage/receipt/receipt.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// What lies on a disk as a receipt, whatever became of it. A promise that breaks aborts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string body{reinterpret_cast<const char*>(data), size};
    static_cast<void>(receipt::from_text(body));
    // Behind a right hash the JSON itself is reached.
    const auto read = receipt::from_text(to_hex(sha256(as_bytes(body))) + "\n" + body);
    if (!read) return 0;
    const std::string again = receipt::to_text(*read);
    const auto twice = receipt::from_text(again);
    if (!twice || receipt::to_text(*twice) != again) std::abort();
    for (const receipt::MadeSegment& made : read->segments)
        if (!made.path.native().starts_with("imported/") ||
            made.path.native().find("/../") != std::string::npos)
            std::abort();
    return 0;
}
