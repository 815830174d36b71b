#pragma once

#include <cstdlib>
#include <string>

namespace sluice::test {

/// Whether everything that is repeated is to be repeated in full (`scripts/test --long`).
[[nodiscard]] inline bool is_long_run() {
    const char* const value = std::getenv("SLUICE_LONG");
    return value != nullptr && std::string{value} == "1";
}

}  // namespace sluice::test
