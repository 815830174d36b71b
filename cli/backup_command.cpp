#include "cli/backup/backup.hpp"
#include "cli/commands.hpp"
#include "config/load.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

namespace sluice::cli {

Status make_backup(const fs::path& config, const fs::path& target, bool verifies) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const auto made = backup::make_backup(*loaded, target, verifies, RealClock{});
    if (!made) return std::unexpected(made.error());
    fmt::print(
        "{}: {} files, {} bytes, {} records of the audit log{}\n",
        made->folder.string(),
        made->manifest.files.size() + 1,
        made->bytes,
        made->manifest.ledger_size,
        verifies ? ", restored and counted" : ", not verified"
    );
    return {};
}

Status restore_backup(const fs::path& config, const fs::path& folder, bool replaces) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const auto restored = backup::restore_backup(*loaded, folder, replaces, RealClock{});
    if (!restored) return std::unexpected(restored.error());
    using State = backup::Restored::State;
    fmt::print(
        "the catalogue of {} is in place; the former database is kept as {}\n{}{}"
        "nothing is deleted until somebody confirms: sluice retention confirm\n",
        to_rfc3339(restored->manifest.made),
        restored->former,
        restored->state == State::put_back ? "state.json was put back\n"
        : restored->state == State::kept   ? "state.json was left as it is; it differs from the backup's\n"
                                           : "",
        restored->papers > 0 ? fmt::format("{} papers of requests were put back\n", restored->papers) : ""
    );
    return {};
}

}  // namespace sluice::cli
