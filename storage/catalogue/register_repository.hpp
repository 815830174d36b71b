#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"
#include "storage/release/words.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The register (專簿): entries that are added to and never changed. Roles: all but sluice_recorder read.
namespace sluice::catalogue {

struct RegisterEntry {
    std::int64_t line = 0;
    std::string dossier_number;
    release::Entry kind = release::Entry::opened;
    std::string facts;  ///< JSON object
    std::string principal;
    UtcTime at;
};

/// In the order of their lines. `after`: the last line that is known already.
[[nodiscard]] Result<std::vector<RegisterEntry>>
load_register(Pool& pool, const TimeRange& range, std::int64_t after, std::size_t limit);
/// All of one dossier.
[[nodiscard]] Result<std::vector<RegisterEntry>>
load_dossier_entries(Pool& pool, const std::string& dossier_number);
/// All entries of every dossier that has one in the period: what its printed lines are made of.
[[nodiscard]] Result<std::vector<RegisterEntry>>
load_register_dossiers(Pool& pool, const TimeRange& range, std::size_t limit);

/// nullopt: there is no such line.
[[nodiscard]] Result<std::optional<RegisterEntry>> find_register_line(Pool& pool, std::int64_t line);
/// The line that corrects under this id; nullopt: none.
[[nodiscard]] Result<std::optional<RegisterEntry>> find_correction(Pool& pool, const Uuid& id);
/// A line that puts an earlier one of the dossier right, which stays as it is; its number. Facts are a JSON
/// object, and have its `id`. With its record in the audit log. Role: sluice_api.
[[nodiscard]] Result<std::int64_t> correct_register(
    Pool& pool,
    const std::string& dossier_number,
    const std::string& facts,
    const ledger::Act& act,
    UtcTime now
);

/// What the catalogue knows of one camera's footage of a time.
struct Holding {
    bool is_known = false;  ///< the camera was one of ours
    std::uint64_t segments = 0;
    std::uint64_t destroyed = 0;          ///< segments with a tombstone
    std::vector<std::string> rules;       ///< why they were destroyed
    std::vector<Uuid> certificates;       ///< of the runs that destroyed them
    std::vector<std::string> gap_causes;  ///< of what was not recorded
};
[[nodiscard]] Result<Holding> measure_holding(Pool& pool, const Uuid& camera_id, const TimeRange& range);

}  // namespace sluice::catalogue
