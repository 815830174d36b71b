#pragma once

#include "cli/up/layout.hpp"
#include "cli/up/supervisor.hpp"
#include "config/config.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::up {

inline constexpr const char* kDatabaseService = "sluice-database";
inline constexpr const char* kDemoService = "sluice-demo-cameras";
inline constexpr const char* kApiService = "sluice-api";
inline constexpr const char* kWorkerService = "sluice-worker";
inline constexpr const char* kRecorderService = "sluice-recorder";

struct Site {
    std::filesystem::path config_file;  ///< absolute
    config::Config config;
    bool is_demo = false;
    std::string log_level;
};

/// What runs for a site, in order of start. Stopping goes the other way: recorder, worker, API, cameras,
/// database. Pure. `programs` is the folder of our binaries.
[[nodiscard]] std::vector<Service>
services(const Site& site, const Users& users, const std::filesystem::path& programs);

}  // namespace sluice::up
