#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <string>

namespace sluice::cli {

/// Makes and changes controllers, doors, readers and categories as FILE says; what it does not name stays.
/// Prints a line for each. A dry run writes nothing. Error: refuse, with every fault of the file.
[[nodiscard]] Status
import_doors(const std::filesystem::path& config, const std::filesystem::path& file, bool is_dry_run);

struct EventFile {
    std::string profile;  ///< slug of the controller whose events the file has
    bool is_dry_run = false;
    bool is_json = false;
};
/// Stores the events of a controller's CSV file; what is known already is not stored twice. Prints a line for
/// each row that can't be read, then the counts. Error: refuse, when nothing of the file can be read or no
/// controller is called so.
[[nodiscard]] Status import_access(
    const std::filesystem::path& config,
    const std::filesystem::path& file,
    const EventFile& options
);

}  // namespace sluice::cli
