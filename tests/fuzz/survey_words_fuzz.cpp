#include "storage/contractor/survey_words.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace sluice;

/// Whoever reads a foreign file may have been taken over by it: what it says is understood or refused, and
/// comes through again as it was understood.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto found = contractor::survey_from_words({reinterpret_cast<const char*>(data), size});
    if (!found) return 0;
    if (!std::isfinite(found->facts.fps) || found->pictures == 0) std::abort();
    const std::string words = contractor::to_words(found);
    if (words != contractor::to_words(contractor::survey_from_words(words))) std::abort();
    return 0;
}
