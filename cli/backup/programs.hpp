#pragma once

#include "cli/backup/manifest.hpp"
#include "cli/process/spawn.hpp"
#include "storage/catalogue/backup_repository.hpp"

namespace sluice::backup {

/// pg_dump of what `snapshot` sees, into a new file. Error: operator_acts, with the program's last words.
[[nodiscard]] Status
dump(const catalogue::Server& server, const std::string& snapshot, const std::filesystem::path& file);

/// The dump into a new database of this name, which holds the manifest's rows afterwards. On an error the
/// database is dropped. Error: operator_acts; refuse, when the counts differ.
[[nodiscard]] Status restore_into(
    const catalogue::Server& server,
    const std::string& database,
    const std::filesystem::path& folder,
    const Manifest& manifest
);

}  // namespace sluice::backup
