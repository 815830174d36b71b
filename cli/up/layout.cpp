#include "cli/up/layout.hpp"

#include "config/base/log.hpp"
#include "storage/volume/installation.hpp"
#include "storage/volume/volume.hpp"

#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

namespace sluice::up {
namespace {

namespace fs = std::filesystem;

Result<process::OsUser> need_user(const char* name) {
    auto user = process::find_user(name);
    if (!user) return std::unexpected(user.error());
    if (*user) return **user;
    return failure(
        Remedy::operator_acts,
        fmt::format("there is no OS user {}: run scripts/setup (or systemd-sysusers) as root", name)
    );
}

Status check_reachable(const fs::path& data, const process::OsUser& user) {
    if (process::can_read(user, data)) return {};
    return failure(
        Remedy::operator_acts,
        fmt::format(
            "the user {} can't reach {}: a folder above it is closed; keep the data somewhere like "
            "/var/lib/sluice",
            user.name,
            data.string()
        )
    );
}

Status give(const fs::path& path, const process::OsUser& user, gid_t group) {
    if (::lchown(path.c_str(), user.uid, group) != 0)
        return errno_error(Remedy::operator_acts, "cannot give away " + path.string());
    return {};
}

/// Missing or without content (lost+found is none).
bool is_empty_folder(const fs::path& path) {
    std::error_code code;
    if (!fs::exists(path, code)) return !code;
    for (const auto& entry : fs::directory_iterator{path, code})
        if (entry.path().filename() != "lost+found") return false;
    return !code;
}

Status
make_identity(const fs::path& root, const Users& users, volume::Installation& installation, UtcTime now) {
    const uid_t keep = static_cast<uid_t>(-1);
    const auto made = users.is_separated
                          ? process::ensure_folder(root, users.recorder.uid, users.footage_group, 02750)
                          : process::ensure_folder(root, keep, static_cast<gid_t>(-1), 0750);
    if (!made) return made;
    volume::RealFiles files;
    const auto identity = volume::create_identity(files, root, installation.installation_id, now);
    if (!identity) return std::unexpected(identity.error());
    installation.volumes[root.string()] = identity->volume_id;
    return hand_over_volume(root, users);
}

}  // namespace

Result<Users> find_users() {
    if (!process::is_root()) {
        const process::OsUser self = process::current_user();
        return Users{
            .database = self, .recorder = self, .api = self, .footage_group = self.gid, .is_separated = false
        };
    }
    auto database = need_user(process::kDatabaseUser);
    if (!database) return std::unexpected(database.error());
    auto recorder = need_user(process::kRecorderUser);
    if (!recorder) return std::unexpected(recorder.error());
    auto api = need_user(process::kApiUser);
    if (!api) return std::unexpected(api.error());
    const auto group = process::find_group(process::kFootageGroup);
    if (!group)
        return failure(
            Remedy::operator_acts,
            fmt::format("there is no group {}: run scripts/setup as root", process::kFootageGroup)
        );
    return Users{
        .database = std::move(*database),
        .recorder = std::move(*recorder),
        .api = std::move(*api),
        .footage_group = *group,
        .is_separated = true,
    };
}

std::vector<Folder> data_folders(const fs::path& data, const Users& users) {
    const uid_t self = ::geteuid();
    const gid_t group = users.footage_group;
    return {
        {data, self, ::getegid(), 0755},
        {data / "locks", self, group, 01770},  // each program makes its own lock file
        {data / "tokens", self, ::getegid(), 0711},
        {data / "database", users.database.uid, group, 0750},
        {data / "database" / "socket", users.database.uid, group, 0750},  // the clients' way to the database
        {data / "recorder", users.recorder.uid, users.recorder.gid, 0750},
        {data / "ledger", users.recorder.uid, users.recorder.gid, 0755
        },                                                 // the worker's; the key in it is 0600
        {data / "run", users.recorder.uid, group, 02750},  // the status file is the group's to read
        {data / "spool", users.api.uid, group, 0750},
        {data / "spool" / "clips", users.api.uid, group, 02750},          // the service's; the worker reads
        {data / "spool" / "packages", users.recorder.uid, group, 02750},  // the worker's; the service reads
    };
}

Status make_data_folders(const fs::path& data, const Users& users) {
    for (const Folder& folder : data_folders(data, users)) {
        const auto made = process::ensure_folder(folder.path, folder.uid, folder.gid, folder.mode);
        if (!made) return made;
    }
    if (!users.is_separated) return {};
    for (const process::OsUser* user : {&users.database, &users.recorder, &users.api})
        if (auto reachable = check_reachable(data, *user); !reachable) return reachable;
    return {};
}

Result<std::vector<fs::path>> make_identities(const config::Config& config, const Users& users, UtcTime now) {
    auto installation = volume::ensure_installation(config.data, now);
    if (!installation) return std::unexpected(installation.error());
    std::vector<fs::path> made;
    for (const fs::path& root : config.storage.volumes) {
        if (installation->volumes.contains(root.string()) || !is_empty_folder(root)) continue;
        if (const auto status = make_identity(root, users, *installation, now); !status) {
            log::error("volume_not_made", {{"path", root.string()}, {"error", status.error().describe()}});
            continue;
        }
        made.push_back(root);
    }
    if (!made.empty())
        if (auto saved = volume::save_installation(config.data, *installation); !saved)
            return std::unexpected(saved.error());
    if (auto given = hand_over_state(config.data, users); !given) return std::unexpected(given.error());
    return made;
}

Status hand_over_volume(const fs::path& root, const Users& users) {
    if (!users.is_separated) return {};
    for (const fs::path& path : {root, root / "live", root / "journal", root / volume::kIdentityFile}) {
        if (auto given = give(path, users.recorder, users.footage_group); !given) return given;
    }
    for (const fs::path& folder : {root, root / "live", root / "journal"}) {
        if (::chmod(folder.c_str(), 02750) != 0)
            return errno_error(Remedy::operator_acts, "cannot set the rights of " + folder.string());
    }
    if (::chmod((root / volume::kIdentityFile).c_str(), 0640) != 0)
        return errno_error(
            Remedy::operator_acts, "cannot set the rights of the identity in " + root.string()
        );
    return {};
}

Status hand_over_state(const fs::path& data, const Users& users) {
    if (!users.is_separated) return {};
    if (auto given = give(data / "recorder", users.recorder, users.recorder.gid); !given) return given;
    return give(volume::state_path(data), users.recorder, users.recorder.gid);
}

}  // namespace sluice::up
