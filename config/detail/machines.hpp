#pragma once

#include "config/config.hpp"
#include "config/detail/reader.hpp"
#include "config/load.hpp"

#include <string>

/// Tables of machines that tell of themselves: UPS, and rules over what recorders say.
namespace sluice::config::detail {

[[nodiscard]] Ups read_ups(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Secrets secrets,
    Findings& findings
);
[[nodiscard]] FlagRule read_flag_rule(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Findings& findings
);

/// Rules over several fields of them.
void check_ups(const std::vector<Ups>& all, Findings& findings);
void check_flag_rules(const Config& config, Findings& findings);

}  // namespace sluice::config::detail
