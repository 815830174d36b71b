#pragma once

#include "config/config.hpp"

#include <string>

namespace sluice::catalogue {

/// libpq connection string of the configuration: the embedded cluster as `embedded_role`, else the configured
/// server as the user that its URL names, with the password from the configuration. Never log it.
[[nodiscard]] std::string conninfo_of(const config::Config& config, const std::string& embedded_role);

}  // namespace sluice::catalogue
