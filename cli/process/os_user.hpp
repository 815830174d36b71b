#pragma once

#include "config/base/error.hpp"
#include "storage/ledger/act.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sluice::process {

/// The OS users of an installation (architecture: least privilege) and the group that reads footage.
inline constexpr const char* kDatabaseUser = "sluice-db";
inline constexpr const char* kRecorderUser = "sluice";
inline constexpr const char* kApiUser = "sluice-api";
inline constexpr const char* kFootageGroup = "sluice-footage";

struct OsUser {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary ones, the primary included
};

/// nullopt: no such user. Error: operator_acts, when the user data base can't be read.
[[nodiscard]] Result<std::optional<OsUser>> find_user(const std::string& name);
/// Whoever runs this process (effective user); without a name in the data base its number stands for it.
[[nodiscard]] OsUser current_user();
/// Who typed the command that sudo runs as root; nullopt: it was not sudo. Root can say what it likes here.
[[nodiscard]] std::optional<uid_t> sudo_caller();
/// What the audit log calls whoever runs a command: "os:chen", or "os:chen as root" under sudo. More is not
/// known of them.
[[nodiscard]] std::string actor_name();
/// The same as the actor of a record.
[[nodiscard]] ledger::Actor operator_here();
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);
[[nodiscard]] bool is_root() noexcept;

/// Owner and mode of one folder, made when it is missing. uid or gid -1 leaves that one as it is. Error:
/// operator_acts.
[[nodiscard]] Status ensure_folder(const std::filesystem::path& folder, uid_t uid, gid_t gid, mode_t mode);

/// Whether `user` may open `file` for reading, all folders above included. Asks the kernel in a child of that
/// user.
[[nodiscard]] bool can_read(const OsUser& user, const std::filesystem::path& file);

}  // namespace sluice::process
