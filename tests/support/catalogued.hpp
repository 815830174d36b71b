#pragma once

#include "tests/support/postgres.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// What the catalogue said before a disaster must still be true after it.
namespace sluice::test {

struct CataloguedSegment {
    std::string id;
    std::string state;
    std::string path;  ///< below its volume
    std::uint64_t bytes = 0;
    std::int64_t to_us = 0;
    std::string sha256;  ///< hex; empty while open
};
[[nodiscard]] std::vector<CataloguedSegment> load_catalogued(const Database& database);

/// Each row of `before` has a finished row now, with the same hash if it had one and no shorter than it was
/// (I3, I17), and its file below `volume` is that long and has that hash.
[[nodiscard]] std::vector<std::string> check_catalogued(
    const std::vector<CataloguedSegment>& before,
    const Database& database,
    const std::filesystem::path& volume
);

}  // namespace sluice::test
