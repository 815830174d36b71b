#pragma once

#include "config/base/error.hpp"

#include <filesystem>

namespace sluice::database {

/// The whole life of the embedded database in the foreground, as its owner (sluice-db under systemd and
/// `sluice up`): prepare, start, migrate, READY=1, until SIGTERM or SIGINT (fast shutdown) or the
/// postmaster's end. The postmaster's log lines come out as events `postgres`. Blocks SIGTERM, SIGINT and
/// SIGCHLD; the process must have one thread. Error: operator_acts, also when the postmaster ended by itself.
[[nodiscard]] Status run(const std::filesystem::path& data);

}  // namespace sluice::database
