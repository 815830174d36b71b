#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/export_folder.hpp"

#include <filesystem>
#include <optional>

namespace sluice::catalogue {

/// Writes what of the audit log is signed into an empty or missing folder (storage/ledger/export_folder.hpp);
/// what it reaches to. nullopt: nothing is signed yet, or nobody has made a key; the folder was not touched.
/// Role: sluice_worker, sluice_auditor. Error: as of write_export.
[[nodiscard]] Result<std::optional<ledger::Checkpoint>>
export_log(Pool& pool, const std::filesystem::path& data, const std::filesystem::path& folder);

}  // namespace sluice::catalogue
