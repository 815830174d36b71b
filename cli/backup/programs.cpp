#include "cli/backup/programs.hpp"

#include "cli/database/cluster.hpp"

#include <chrono>

namespace sluice::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kLongest{12};

Status
run_program(const std::string& name, std::vector<std::string> arguments, const catalogue::Server& server) {
    const auto programs = database::find_programs();
    if (!programs) return std::unexpected(programs.error());
    process::Command command;
    command.binary = *programs / name;
    command.arguments = std::move(arguments);
    if (!server.password().empty()) command.environment.push_back("PGPASSWORD=" + server.password());
    const auto done = process::run(std::move(command), std::chrono::steady_clock::now() + kLongest);
    if (!done) return std::unexpected(done.error());
    if (done->exit_code == 0) return {};
    return failure(Remedy::operator_acts, name + " failed: " + done->output);
}

Status check_counts(const std::string& conninfo, const Manifest& manifest) {
    const auto snapshot = catalogue::Snapshot::take(conninfo);
    if (!snapshot) return std::unexpected(snapshot.error());
    const auto rows = (*snapshot)->count();
    if (!rows) return std::unexpected(rows.error());
    if (*rows == manifest.rows) return {};
    for (const auto& [table, count] : manifest.rows) {
        const auto found = rows->find(table);
        if (found == rows->end() || found->second != count)
            return failure(
                Remedy::refuse,
                "the table " + table + " does not come back with " + std::to_string(count) + " rows"
            );
    }
    return failure(Remedy::refuse, "more tables come back than the manifest names");
}

}  // namespace

Status dump(const catalogue::Server& server, const std::string& snapshot, const fs::path& file) {
    return run_program(
        "pg_dump",
        {"--format=custom",
         "--no-password",
         "--snapshot=" + snapshot,
         "--file=" + file.string(),
         "--dbname=" + server.public_conninfo(server.database())},
        server
    );
}

Status restore_into(
    const catalogue::Server& server,
    const std::string& database,
    const fs::path& folder,
    const Manifest& manifest
) {
    if (auto created = catalogue::create_database(server, database); !created) return created;
    Status restored = run_program(
        "pg_restore",
        {"--exit-on-error",
         "--no-password",
         "--dbname=" + server.public_conninfo(database),
         (folder / kDumpFile).string()},
        server
    );
    if (restored) restored = check_counts(server.conninfo(database), manifest);
    if (!restored) log_and_drop(catalogue::drop_database(server, database), "the restore has failed already");
    return restored;
}

}  // namespace sluice::backup
