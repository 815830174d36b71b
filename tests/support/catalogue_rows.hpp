#pragma once

#include "tests/support/postgres.hpp"

#include <string>
#include <vector>

namespace sluice::test {

/// What two catalogues say differently: "table: row", a line for each row that only one of them has, whole
/// and in a fixed form. Left out is what no file or journal tells: who asked (principals, credentials, jobs),
/// what was destroyed, when a former camera left, and where the scrub stands.
[[nodiscard]] std::vector<std::string> compare_catalogues(const Database& before, const Database& after);

}  // namespace sluice::test
