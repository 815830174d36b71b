#pragma once

#include "config/config.hpp"
#include "config/detail/reader.hpp"

#include <string>

/// Who tells of what happens at the doors.
namespace sluice::config::detail {

[[nodiscard]] DoorController read_door_controller(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Findings& findings
);

/// Rules over several fields.
void check_access(const Access& access, Findings& findings);

}  // namespace sluice::config::detail
