#pragma once

#include "config/config.hpp"
#include "config/detail/reader.hpp"

namespace sluice::config::detail {

/// password_file and password_env of a section. With `is_wanted` false the keys are known but not opened.
PasswordPlace read_password(Section& section, Secret& target, bool is_wanted, Findings& findings);

}  // namespace sluice::config::detail
