#include "storage/volume/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;

/// A disk may give back any bytes as a journal: a line of it is refused, or means the same when it is written
/// again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto line = volume::from_line(text);
    if (!line) return 0;
    const std::string written = volume::to_line(*line);
    if (written.size() > volume::kJournalLineLimit || !written.ends_with('\n')) std::abort();
    const auto again = volume::from_line(written);
    if (!again || volume::to_line(*again) != written) std::abort();
    return 0;
}
