#pragma once

#include "cli/backup/manifest.hpp"
#include "config/config.hpp"

#include <filesystem>

/// Everything that is not footage, in a folder: the catalogue with its holds, tombstones, policy and records
/// (pg_dump), the signed audit log as an export, the papers of requests as they lie (encrypted), and the
/// recorder's state.json. No keys, no tokens: the catalogue holds only their hashes. No packages: they are
/// footage.
namespace sluice::backup {

struct Made {
    std::filesystem::path folder;
    Manifest manifest;
    std::uint64_t bytes = 0;
    bool is_verified = false;
};
/// A new folder below `target`, under its final name only when it is whole and synced. Dump and counts are of
/// one moment. With `verifies` the dump is restored into a database of its own, counted and dropped again.
/// Leaves a row and a record. Role: sluice_super. Error: operator_acts; refuse, when what was written does
/// not restore to the same counts.
[[nodiscard]] Result<Made> make_backup(
    const config::Config& config,
    const std::filesystem::path& target,
    bool verifies,
    const Clock& clock
);

struct Restored {
    Manifest manifest;
    std::string former;  ///< the database that was there before, under its new name
    enum class State { put_back, same, kept } state = State::same;  ///< state.json
    std::size_t papers = 0;                                         ///< that were put back
};
/// Puts a backup in place of the configured database: hashes, then a new database, counts, the schema of this
/// program, unconfirmed, and only then the exchange of names; the old database stays under another name.
/// `replaces`: also one that has content. state.json and papers are put back when they are not there and
/// never replaced. Role: sluice_super. Error: refuse (label "not_empty"), operator_acts.
[[nodiscard]] Result<Restored> restore_backup(
    const config::Config& config,
    const std::filesystem::path& folder,
    bool replaces,
    const Clock& clock
);

}  // namespace sluice::backup
