#include "cli/process/os_user.hpp"

#include "cli/process/spawn.hpp"
#include "config/base/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grp.h>
#include <pwd.h>

namespace sluice::process {
namespace {

constexpr std::size_t kEntryBytes = 16384;

OsUser from_entry(const passwd& entry) {
    OsUser user{.name = entry.pw_name, .uid = entry.pw_uid, .gid = entry.pw_gid, .groups = {}};
    int count = 64;
    user.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(entry.pw_name, entry.pw_gid, user.groups.data(), &count) < 0) count = 1;
    user.groups.resize(static_cast<std::size_t>(count));
    if (count == 1) user.groups[0] = entry.pw_gid;
    return user;
}

}  // namespace

Result<std::optional<OsUser>> find_user(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, kEntryBytes> buffer{};
    const int code = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return from_entry(entry);
    if (code == 0 || code == ENOENT || code == ESRCH) return std::optional<OsUser>{};
    errno = code;
    return errno_error(Remedy::operator_acts, "cannot look up the OS user " + name);
}

OsUser current_user() {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, kEntryBytes> buffer{};
    ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return from_entry(entry);
    return {
        .name = std::to_string(::geteuid()), .uid = ::geteuid(), .gid = ::getegid(), .groups = {::getegid()}
    };
}

std::optional<uid_t> sudo_caller() {
    if (::geteuid() != 0) return std::nullopt;
    const char* text = std::getenv("SUDO_UID");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
    if (text == nullptr) return std::nullopt;
    uid_t uid = 0;
    const std::string_view digits{text};
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), uid);
    if (code != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return uid;
}

std::string actor_name() {
    const std::string name = current_user().name;
    const auto caller = sudo_caller();
    if (!caller || *caller == ::geteuid()) return "os:" + name;
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, kEntryBytes> buffer{};
    ::getpwuid_r(*caller, &entry, buffer.data(), buffer.size(), &found);
    return "os:" + (found != nullptr ? std::string{entry.pw_name} : std::to_string(*caller)) + " as " + name;
}

ledger::Actor operator_here() {
    return {.id = std::nullopt, .name = actor_name(), .role = "system"};
}

std::optional<gid_t> find_group(const std::string& name) {
    group entry{};
    group* found = nullptr;
    std::array<char, kEntryBytes> buffer{};
    ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) return std::nullopt;
    return entry.gr_gid;
}

bool is_root() noexcept {
    return ::geteuid() == 0;
}

Status ensure_folder(const std::filesystem::path& folder, uid_t uid, gid_t gid, mode_t mode) {
    std::error_code code;
    std::filesystem::create_directories(folder.parent_path(), code);
    if (::mkdir(folder.c_str(), mode & 0777U) != 0 && errno != EEXIST)
        return errno_error(Remedy::operator_acts, "cannot make the folder " + folder.string());
    // Below a folder of a service user a link could lead root anywhere; below root's own it was put there on
    // purpose.
    struct stat parent{};
    const bool is_ours = ::stat(folder.parent_path().c_str(), &parent) == 0 && parent.st_uid == ::geteuid();
    const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (is_ours ? 0 : O_NOFOLLOW))
    };
    struct stat facts{};
    if (!fd.is_open() || ::fstat(fd.get(), &facts) != 0)
        return failure(Remedy::operator_acts, folder.string() + " is no folder; move it out of the way");
    const bool other_owner = (uid != static_cast<uid_t>(-1) && facts.st_uid != uid) ||
                             (gid != static_cast<gid_t>(-1) && facts.st_gid != gid);
    if (other_owner && ::fchown(fd.get(), uid, gid) != 0)
        return errno_error(Remedy::operator_acts, "cannot give away the folder " + folder.string());
    if ((facts.st_mode & 07777U) != mode || other_owner) {
        if (::fchmod(fd.get(), mode) != 0)
            return errno_error(
                Remedy::operator_acts, "cannot set the rights of the folder " + folder.string()
            );
    }
    return {};
}

bool can_read(const OsUser& user, const std::filesystem::path& file) {
    const pid_t child = ::fork();
    if (child < 0) return false;
    if (child == 0) {
        if (::geteuid() == 0 && !become(user)) ::_exit(2);
        ::_exit(::open(file.c_str(), O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace sluice::process
