#pragma once

#include "config/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace sluice {

/// The whole file as text. Error: operator_acts, naming the path; also when it is larger than `limit_bytes`.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit_bytes);

/// What was made, renamed or removed in the folder stays so. Error: operator_acts.
[[nodiscard]] Status sync_folder(const std::filesystem::path& folder);

/// What the superuser makes in a service's folder belongs to the folder's owner; for others nothing is
/// changed. Error: operator_acts.
[[nodiscard]] Status give_to_folder_owner(const std::filesystem::path& path);

/// Replaces `path` in one step: temporary name, write, fsync, rename, fsync of the folder. On success a power
/// cut leaves the old or the new content, never a mixture. `mode` as in open(2).
[[nodiscard]] Status replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode);

/// As replace_file but without any sync: for files that are rewritten every second and worthless after a
/// crash.
[[nodiscard]] Status
replace_file_unsynced(const std::filesystem::path& path, std::string_view content, unsigned mode);

}  // namespace sluice
