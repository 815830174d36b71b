#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// The embedded PostgreSQL: a private cluster in the data folder, reachable only through its unix socket.
namespace sluice::database {

/// One line of pg_ident.conf: this OS user may connect as that role.
struct Mapping {
    std::string os_user;
    std::string role;
    friend bool operator==(const Mapping&, const Mapping&) = default;
};

/// Who may connect as whom. Under the service users each gets its own role(s) and root all of them; when the
/// cluster belongs to an ordinary user that one user is mapped to every role, which guards against mistakes,
/// not against it.
[[nodiscard]] std::vector<Mapping> mappings(const std::string& cluster_user);
[[nodiscard]] std::string to_pg_ident(const std::vector<Mapping>& mappings);
/// The settings that differ from PostgreSQL's own defaults.
[[nodiscard]] std::string to_postgresql_conf(const std::filesystem::path& socket_folder);

[[nodiscard]] std::filesystem::path cluster_folder(const std::filesystem::path& data
);  ///< <data>/database/cluster

/// Folder of PostgreSQL's programs: pg_config's, else the newest below /usr/lib/postgresql. Error:
/// operator_acts.
[[nodiscard]] Result<std::filesystem::path> find_programs();

/// Makes the cluster when there is none (in a temporary name, then renamed: a crash leaves no half cluster)
/// and writes its configuration files anew. Runs as the cluster's owner, never as root. Error: operator_acts.
[[nodiscard]] Status prepare(const std::filesystem::path& programs, const std::filesystem::path& data);

/// Starts the postmaster; it stops fast (SIGINT) when this process dies. `log_fd` takes its log.
[[nodiscard]] Result<pid_t>
start_postmaster(const std::filesystem::path& programs, const std::filesystem::path& data, int log_fd);

/// Whether the postmaster takes connections. Error: retry, while it does not.
[[nodiscard]] Status check_answers(const std::filesystem::path& programs, const std::filesystem::path& data);

/// The postmaster of this cluster that an earlier life of ours started and that is still shutting down.
[[nodiscard]] std::optional<pid_t> find_predecessor(const std::filesystem::path& data);

/// A dead but unreaped postmaster keeps its postmaster.pid alive. Removes the file only when the process it
/// names is a zombie or gone.
[[nodiscard]] Status clear_stale_pid_file(const std::filesystem::path& data);

}  // namespace sluice::database
