#pragma once

#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"

#include <filesystem>
#include <string>

namespace sluice {

/// Takes `path` for this process's life (flock(2)) and writes its pid into it. The folder is made when it is
/// missing. Error: operator_acts; when somebody else has it: "another <program> (pid N) runs on <data>: it
/// holds <path>".
[[nodiscard]] Result<UniqueFd> take_lock(
    const std::filesystem::path& path,
    const std::string& program,
    const std::filesystem::path& data,
    unsigned mode
);

}  // namespace sluice
