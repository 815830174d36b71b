#include "cli/commands.hpp"
#include "cli/database/run.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/time.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/migrate.hpp"

#include <fmt/core.h>

namespace sluice::cli {

Status migrate(const fs::path& config, bool is_dry_run) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const auto report = catalogue::migrate(
        catalogue::conninfo_of(*loaded, "sluice_super"),
        is_dry_run,
        catalogue::Upgrade{process::operator_here(), RealClock{}.now()}
    );
    if (!report) return std::unexpected(report.error());
    for (const std::string& file : report->applied)
        fmt::print("{} {}\n", is_dry_run ? "would apply" : "applied", file);
    fmt::print("schema version {}\n", report->version);
    return {};
}

Status run_database(const fs::path& config) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    if (!loaded->database.url.empty())
        return failure(
            Remedy::operator_acts,
            "the configuration names a database server ([database] url): nothing to run"
        );
    return database::run(loaded->data);
}

}  // namespace sluice::cli
