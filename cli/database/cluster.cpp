#include "cli/database/cluster.hpp"

#include "cli/process/os_user.hpp"
#include "cli/process/spawn.hpp"
#include "config/base/files.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/pool.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include <unistd.h>

#include <fmt/core.h>

namespace sluice::database {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kMaxSocketPath = 107;  // sun_path without its final zero
constexpr std::array<const char*, 4> kServiceRoles{
    "sluice_recorder",
    "sluice_worker",
    "sluice_api",
    "sluice_auditor"
};
constexpr const char* kSuperuser = "sluice_super";

Deadline in(std::chrono::seconds time) {
    return std::chrono::steady_clock::now() + time;
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of("\n ");
    if (end == std::string::npos) return "no message";
    const auto start = text.find_last_of('\n', end);
    return text.substr(
        start == std::string::npos ? 0 : start + 1, end - (start == std::string::npos ? 0 : start + 1) + 1
    );
}

/// The state letter of /proc/PID/stat; nullopt: no such process.
struct ProcessFacts {
    std::string name;
    char state = '?';
};

std::optional<ProcessFacts> read_process(pid_t pid) {
    const auto text = read_text_file(fmt::format("/proc/{}/stat", pid), 4096);
    if (!text) return std::nullopt;
    const auto open = text->find('(');
    const auto close = text->rfind(')');  // the name may itself hold brackets
    if (open == std::string::npos || close == std::string::npos || close < open || close + 2 >= text->size())
        return std::nullopt;
    return ProcessFacts{text->substr(open + 1, close - open - 1), (*text)[close + 2]};
}

fs::path pid_file(const fs::path& data) {
    return cluster_folder(data) / "postmaster.pid";
}

std::optional<pid_t> read_pid_file(const fs::path& data) {
    const auto text = read_text_file(pid_file(data), 4096);
    if (!text) return std::nullopt;
    pid_t pid = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), pid);
    return code == std::errc{} && pid > 0 ? std::optional{pid} : std::nullopt;
}

Status write_configuration(const fs::path& cluster, const fs::path& socket_folder) {
    if (auto done = replace_file(cluster / "postgresql.conf", to_postgresql_conf(socket_folder), 0600); !done)
        return done;
    if (auto done = replace_file(cluster / "pg_hba.conf", "local all all peer map=sluice\n", 0600); !done)
        return done;
    return replace_file(cluster / "pg_ident.conf", to_pg_ident(mappings(process::current_user().name)), 0600);
}

Status make_cluster(const fs::path& programs, const fs::path& cluster) {
    const fs::path half = cluster.string() + ".new";
    std::error_code code;
    fs::remove_all(half, code);  // of a start that was cut off
    const process::Command initdb{
        .binary = programs / "initdb",
        .arguments =
            {"-D",
             half.string(),
             "-U",
             kSuperuser,
             "-E",
             "UTF8",
             "--locale=C.UTF-8",
             "--auth-local=peer",
             "--auth-host=reject",
             "--data-checksums"},
        .user = {},
        .environment = {},
    };
    const auto outcome = process::run(initdb, in(120s));
    if (!outcome) return std::unexpected(outcome.error());
    if (outcome->exit_code != 0)
        return failure(Remedy::operator_acts, "initdb failed: " + last_line(outcome->output));
    fs::rename(half, cluster, code);
    if (code) return std::unexpected(Error{Remedy::operator_acts, code, "cannot rename " + half.string()});
    return {};
}

}  // namespace

std::vector<Mapping> mappings(const std::string& cluster_user) {
    std::vector<Mapping> result{{cluster_user, kSuperuser}};
    const auto add_all = [&result](const std::string& user) {
        for (const char* role : kServiceRoles)
            result.push_back({user, role});
    };
    if (cluster_user != process::kDatabaseUser) {
        add_all(cluster_user);
        return result;
    }
    result.push_back({process::kRecorderUser, "sluice_recorder"});
    result.push_back({process::kRecorderUser, "sluice_worker"});
    result.push_back({process::kApiUser, "sluice_api"});
    result.push_back({"root", kSuperuser});
    add_all("root");
    return result;
}

std::string to_pg_ident(const std::vector<Mapping>& mappings) {
    std::string result = "# map  OS user  role; written by `sluice database run` at every start\n";
    for (const Mapping& mapping : mappings)
        result += fmt::format("sluice \"{}\" {}\n", mapping.os_user, mapping.role);
    return result;
}

std::string to_postgresql_conf(const fs::path& socket_folder) {
    return fmt::format(
        "# Written by `sluice database run` at every start; changes here are lost.\n"
        "listen_addresses = ''\n"
        "unix_socket_directories = '{}'\n"
        "unix_socket_permissions = 0777\n"  // the folder decides who comes near
        "max_connections = 60\n"
        "shared_buffers = 96MB\n"
        "maintenance_work_mem = 64MB\n"
        "synchronous_commit = on\n"
        "wal_compression = on\n"
        "max_wal_size = 512MB\n"
        "checkpoint_timeout = 10min\n"
        "random_page_cost = 1.5\n"
        "jit = off\n"  // short queries only
        "timezone = 'UTC'\n"
        "log_timezone = 'UTC'\n"
        "log_line_prefix = ''\n"
        "log_checkpoints = off\n"
        "password_encryption = 'scram-sha-256'\n",
        socket_folder.string()
    );
}

fs::path cluster_folder(const fs::path& data) {
    return data / "database" / "cluster";
}

Result<fs::path> find_programs() {
    std::vector<fs::path> candidates;
    std::error_code code;
    for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", code}) {
        const std::string name = version.path().filename().string();
        if (!name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; }))
            candidates.push_back(version.path() / "bin");
    }
    std::ranges::sort(candidates, std::greater{}, [](const fs::path& path) {
        return std::stoi(path.parent_path().filename().string());
    });
    const process::Command ask{
        .binary = "/usr/bin/pg_config", .arguments = {"--bindir"}, .user = {}, .environment = {}
    };
    if (const auto outcome = process::run(ask, in(10s)); outcome && outcome->exit_code == 0)
        candidates.emplace_back(last_line(outcome->output));
    for (const fs::path& folder : candidates)
        if (fs::exists(folder / "initdb", code) && fs::exists(folder / "postgres", code)) return folder;
    return failure(
        Remedy::operator_acts,
        "no PostgreSQL server here (no initdb below /usr/lib/postgresql): install postgresql-15"
    );
}

Status prepare(const fs::path& programs, const fs::path& data) {
    if (process::is_root())
        return failure(Remedy::operator_acts, "PostgreSQL does not run as root: become sluice-db");
    const fs::path socket = catalogue::socket_folder(data);
    if ((socket / ".s.PGSQL.5432").string().size() > kMaxSocketPath)
        return failure(
            Remedy::operator_acts, "the path " + socket.string() + " is too long for a socket; shorten `data`"
        );
    std::error_code code;
    if (!fs::exists(socket, code)) {  // else its owner and group were given by whoever made it
        const auto keep = static_cast<uid_t>(-1);
        if (auto made = process::ensure_folder(socket, keep, keep, 0750); !made) return made;
    }
    const fs::path cluster = cluster_folder(data);
    if (!fs::exists(cluster / "PG_VERSION", code)) {
        if (auto made = make_cluster(programs, cluster); !made) return made;
    }
    return write_configuration(cluster, socket);
}

std::optional<pid_t> find_predecessor(const fs::path& data) {
    const auto pid = read_pid_file(data);
    if (!pid) return std::nullopt;
    const auto process = read_process(*pid);
    const bool is_postmaster = process && process->state != 'Z' && process->name == "postgres";
    return is_postmaster ? pid : std::nullopt;
}

Status clear_stale_pid_file(const fs::path& data) {
    const fs::path file = pid_file(data);
    const auto pid = read_pid_file(data);
    if (!pid) return {};  // none there, or PostgreSQL itself says what is wrong with it
    const auto process = read_process(*pid);
    if (process && process->state != 'Z') return {};
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
        return errno_error(Remedy::operator_acts, "cannot remove the stale " + file.string());
    return {};
}

Result<pid_t> start_postmaster(const fs::path& programs, const fs::path& data, int log_fd) {
    if (auto cleared = clear_stale_pid_file(data); !cleared) return std::unexpected(cleared.error());
    return process::spawn(process::Command{
        .binary = programs / "postgres",
        .arguments = {"-D", cluster_folder(data).string()},
        .user = {},
        .environment = {},
        .death_signal = SIGINT,  // fast shutdown
        .output_fd = log_fd,
        .error_fd = log_fd,
    });
}

Status check_answers(const fs::path& programs, const fs::path& data) {
    const process::Command ask{
        .binary = programs / "pg_isready",
        .arguments =
            {"-q",
             "-h",
             catalogue::socket_folder(data).string(),
             "-U",
             kSuperuser,
             "-d",
             "postgres",
             "-t",
             "1"},
        .user = {},
        .environment = {},
    };
    const auto outcome = process::run(ask, in(10s));
    if (!outcome) return std::unexpected(outcome.error());
    if (outcome->exit_code != 0) return failure(Remedy::retry, "the database does not answer yet");
    return {};
}

}  // namespace sluice::database
