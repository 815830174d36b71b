#pragma once

#include "config/base/bytes.hpp"
#include "storage/access/roster.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// Lists of persons; the newest of a series stands. Roles: API and auditor read; sluice_api writes.
namespace sluice::catalogue {

struct RosterRow {
    Uuid id;
    std::string series;  ///< slug: "staff", "eoc"
    Sha256Digest sha256{};
    std::size_t count = 0;
    std::string importer;
    UtcTime imported;
    std::vector<access::RosterPerson> persons;  ///< by number; filled by find_roster
};
/// What stands for the series; nullopt: nobody has imported it.
[[nodiscard]] Result<std::optional<RosterRow>> find_roster(Pool& pool, const std::string& series);
/// What stands for each series, without its persons.
[[nodiscard]] Result<std::vector<RosterRow>> load_rosters(Pool& pool);

struct RosterImport {
    std::string series;
    std::vector<access::RosterPerson> persons;
    Sha256Digest sha256{};
    ledger::Actor importer;
};
struct RosterImported {
    bool is_new = true;  ///< false: this very file stands already, and nothing was written
    access::RosterDifferences differences;
};
/// Stands from its commit on. Names of the one before the last are forgotten. The record of the audit log
/// says how many differ, and no name.
[[nodiscard]] Result<RosterImported> import_roster(Pool& pool, const RosterImport& import, UtcTime now);

}  // namespace sluice::catalogue
