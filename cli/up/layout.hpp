#pragma once

#include "cli/process/os_user.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"
#include "config/config.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sluice::up {

/// Whom the programs run as. As an ordinary user everything is that one user, and `is_separated` is false.
struct Users {
    process::OsUser database;
    process::OsUser recorder;
    process::OsUser api;
    gid_t footage_group = 0;
    bool is_separated = false;
};

/// As root the service users, else whoever runs us. Error: operator_acts, when root lacks one of them.
[[nodiscard]] Result<Users> find_users();

struct Folder {
    std::filesystem::path path;
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode = 0;
};
/// The folders inside the data folder with their owners, parents first. Pure.
[[nodiscard]] std::vector<Folder> data_folders(const std::filesystem::path& data, const Users& users);

/// Makes the data folder and what belongs in it. Error: operator_acts; also when the service users can't
/// reach it.
[[nodiscard]] Status make_data_folders(const std::filesystem::path& data, const Users& users);

/// Identities for the configured volumes: a folder that is missing or empty, on which no identity was ever
/// known, gets one and is given to the recorder's user (the paths are returned). What can't be used is left
/// to the recorder, which reports it and takes the next volume; so only a failure of state.json is an error.
[[nodiscard]] Result<std::vector<std::filesystem::path>>
make_identities(const config::Config& config, const Users& users, UtcTime now);

/// Gives a volume's root and the files made with its identity to the recorder's user. Error: operator_acts.
[[nodiscard]] Status hand_over_volume(const std::filesystem::path& root, const Users& users);
/// The same for <data>/recorder and state.json.
[[nodiscard]] Status hand_over_state(const std::filesystem::path& data, const Users& users);

}  // namespace sluice::up
