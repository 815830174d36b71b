#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace sluice::up {

struct Options {
    std::optional<std::filesystem::path> config;  ///< absolute; nullopt: the demo site
    bool is_dry_run = false;                      ///< say what would run, change nothing
    std::string log_level = "info";               ///< handed to every program
};

/// Runs everything on this machine until SIGTERM or SIGINT: database, demo cameras, API, recorder. Progress
/// goes to stdout, the programs' logs to stderr. Error: what kept it from starting; later troubles are the
/// supervisor's.
[[nodiscard]] Status up(const Options& options);

}  // namespace sluice::up
