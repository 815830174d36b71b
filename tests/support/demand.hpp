#pragma once

#include <stdexcept>
#include <string>

namespace sluice::test {

/// Throws `complaint` unless it is so. For helpers that also run on threads of a test: Catch2's assertions
/// belong to the test's own thread, and a future hands the exception there.
inline void demand(bool is_so, const std::string& complaint) {
    if (!is_so) throw std::runtime_error{complaint};
}

}  // namespace sluice::test
