#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::volume {

struct FolderEntry {
    std::string name;
    bool is_folder = false;
};

/// Folders and plain files in `folder`, sorted by name, without "." and ".."; symbolic links and devices are
/// left out. Asks for an entry's kind only where readdir does not tell it. Error: operator_acts, with ENOENT
/// for a missing folder.
[[nodiscard]] Result<std::vector<FolderEntry>> list_folder(const std::filesystem::path& folder);

}  // namespace sluice::volume
