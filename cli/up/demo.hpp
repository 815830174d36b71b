#pragma once

#include "cli/up/layout.hpp"
#include "config/base/error.hpp"

#include <filesystem>
#include <string>

/// The demo site: four moving pictures with a clock, recorded like real cameras.
namespace sluice::up {

/// /var/lib/sluice-demo for root, else $XDG_STATE_HOME/sluice-demo or ~/.local/state/sluice-demo.
[[nodiscard]] std::filesystem::path demo_data_folder();

struct DemoPorts {
    unsigned short api = 8080;
    unsigned short cameras = 8554;
};
/// The demo's configuration as TOML. Pure.
[[nodiscard]] std::string demo_configuration(const std::filesystem::path& data, DemoPorts ports);

[[nodiscard]] std::filesystem::path demo_password_file(const std::filesystem::path& data);

/// Writes <data>/sluice.toml and the password file on the first start and keeps them afterwards; gives back
/// the path of the configuration. Pre: the data folder is made. Error: operator_acts.
[[nodiscard]] Result<std::filesystem::path>
ensure_demo(const std::filesystem::path& data, const Users& users);

}  // namespace sluice::up
