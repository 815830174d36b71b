#pragma once

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

namespace sluice::test {

/// Says on stdout that the running test is left out and why; appends "<test name>\t<reason>" to the file
/// named by SLUICE_SKIP_FILE (scripts/test counts and judges those lines).
void note_skip(const std::string& test_name, std::string_view reason);

}  // namespace sluice::test

/// Leaves the running test: `if (!is_root()) SLUICE_SKIP("needs root");`. Only where the function returns
/// void.
#define SLUICE_SKIP(reason)                                                                  \
    do {                                                                                     \
        ::sluice::test::note_skip(Catch::getResultCapture().getCurrentTestName(), (reason)); \
        SUCCEED("skipped");                                                                  \
        return;                                                                              \
    } while (false)
