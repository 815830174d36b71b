#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <string>

/// The tool's commands: each a thin call into the libraries, its answer on stdout. main.cpp turns an Error
/// into "sluice: …" on stderr and exit code 1.
namespace sluice::cli {

namespace fs = std::filesystem;

/// Prints every finding. Error: refuse, when there is one that counts.
[[nodiscard]] Status check_config(const fs::path& file, bool is_strict);
[[nodiscard]] Status migrate(const fs::path& config, bool is_dry_run);
/// Makes a volume's identity in a folder that is missing or empty; as root gives it to the recorder's user.
[[nodiscard]] Status add_volume(const fs::path& root, const fs::path& config);
/// One line per configured volume. Error: operator_acts, when one can't be used.
[[nodiscard]] Status list_volumes(const fs::path& config);
/// Prints the token alone on the last line.
[[nodiscard]] Status create_token(const fs::path& config, const std::string& role, const std::string& name);
/// What the recorder says of itself. Error: retry, when it does not live.
[[nodiscard]] Status show_status(const fs::path& config);
[[nodiscard]] Status run_database(const fs::path& config);

}  // namespace sluice::cli
