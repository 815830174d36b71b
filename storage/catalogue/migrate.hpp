#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::catalogue {

struct MigrationReport {
    std::vector<std::string> applied;  ///< file names, in order
    int version = 0;                   ///< now
};

/// Who upgrades, and when: each migration of a database that has an audit log is a record of it, in its own
/// transaction.
struct Upgrade {
    ledger::Actor actor;
    UtcTime now;
};
/// Applies what is missing, under an advisory lock, as sluice_owner (SET ROLE). `conninfo` connects as
/// sluice_super or, on a server of the customer's, as a role that may create roles. Error: operator_acts; a
/// database newer than this program is refused.
[[nodiscard]] Result<MigrationReport>
migrate(const std::string& conninfo, bool dry_run, const std::optional<Upgrade>& upgrade = std::nullopt);

/// Version the programs need; a service that finds another one waits and says so.
[[nodiscard]] int required_version() noexcept;
[[nodiscard]] Result<int> load_version(const std::string& conninfo);

}  // namespace sluice::catalogue
