#pragma once

#include "config/config.hpp"

#include <string>

namespace sluice::database {

/// How the tool reaches the catalogue to administer it: the embedded cluster as sluice_super, else the
/// configured server as the user its URL names. Never log it: it may hold the password.
[[nodiscard]] std::string admin_conninfo(const config::Config& config);

}  // namespace sluice::database
