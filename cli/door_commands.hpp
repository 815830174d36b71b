#pragma once

#include "config/base/error.hpp"

#include <filesystem>

namespace sluice::cli {

/// Makes and changes controllers, doors, readers and categories as FILE says; what it does not name stays.
/// Prints a line for each. A dry run writes nothing. Error: refuse, with every fault of the file.
[[nodiscard]] Status
import_doors(const std::filesystem::path& config, const std::filesystem::path& file, bool is_dry_run);

}  // namespace sluice::cli
