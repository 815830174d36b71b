#include "storage/volume/durable_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace sluice::volume {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 02750;
constexpr std::size_t kPiecesAtOnce = 256;
static_assert(kPiecesAtOnce <= IOV_MAX);

std::unexpected<Error> write_error(int fd) {
    const int code = errno;
    const bool is_full = code == ENOSPC || code == EDQUOT;
    std::error_code system_code{code, std::generic_category()};
    return std::unexpected(Error{
        Remedy::abandon_file,
        system_code,
        "cannot write " + path_of(fd),
        is_full ? "disk_full" : std::string{}
    });
}

/// Writes what `vectors` names, which it uses up.
Status write_vectors(int fd, std::span<iovec> vectors) {
    while (!vectors.empty()) {
        const ssize_t result = ::writev(fd, vectors.data(), static_cast<int>(vectors.size()));
        if (result < 0 && errno == EINTR) continue;
        if (result < 0) return write_error(fd);
        auto written = static_cast<std::size_t>(result);
        while (!vectors.empty() && written >= vectors.front().iov_len) {
            written -= vectors.front().iov_len;
            vectors = vectors.subspan(1);
        }
        if (!vectors.empty()) {
            vectors.front().iov_base = static_cast<std::uint8_t*>(vectors.front().iov_base) + written;
            vectors.front().iov_len -= written;
        }
    }
    return {};
}

/// A folder made by root belongs to whom its parent belongs to, so that the recorder, which is not root, can
/// go on in it; the readers' group comes from the parent in any case.
Status adopt_owner(const fs::path& folder) {
    struct stat parent{};
    struct stat made{};
    if (::stat(folder.parent_path().c_str(), &parent) != 0 || ::stat(folder.c_str(), &made) != 0) {
        return errno_error(Remedy::stop_volume, "cannot examine folder " + folder.string());
    }
    const uid_t owner = ::geteuid() == 0 ? parent.st_uid : made.st_uid;
    const bool is_right = made.st_uid == owner && made.st_gid == parent.st_gid;
    if (!is_right && ::lchown(folder.c_str(), owner, parent.st_gid) != 0 && errno != EPERM) {
        return errno_error(Remedy::stop_volume, "cannot set the owner of folder " + folder.string());
    }
    // After the owner: a change of owner clears the set-group-id bit. The umask may have cut mkdir's mode.
    if (::chmod(folder.c_str(), kFolderMode) != 0) {
        return errno_error(Remedy::stop_volume, "cannot set the mode of folder " + folder.string());
    }
    return {};
}

bool is_without_entries(const fs::path& folder) {
    std::error_code ignored;
    return fs::is_empty(folder, ignored);  // unreadable counts as in use: the caller's next step will tell
}

}  // namespace

std::string path_of(int fd) {
    std::error_code failed;
    const fs::path target = fs::read_symlink("/proc/self/fd/" + std::to_string(fd), failed);
    return failed ? "file " + std::to_string(fd) : target.string();
}

Result<UniqueFd> RealFiles::create(const fs::path& path) {
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kFileMode)
    };
    if (!fd.is_open()) {
        const bool is_full = errno == ENOSPC || errno == EDQUOT;
        std::error_code code{errno, std::generic_category()};
        return std::unexpected(Error{
            Remedy::abandon_file,
            code,
            "cannot create " + path.string(),
            is_full ? "disk_full" : std::string{}
        });
    }
    if (::fchmod(fd.get(), kFileMode) != 0) {
        return errno_error(Remedy::abandon_file, "cannot set the mode of " + path.string());
    }
    return fd;
}

Result<UniqueFd> RealFiles::open_existing(const fs::path& path) {
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) return errno_error(Remedy::abandon_file, "cannot open " + path.string());
    return fd;
}

Result<bool> RealFiles::make_directory(const fs::path& path) {
    if (::mkdir(path.c_str(), kFolderMode & 0777U) == 0) {
        if (auto owned = adopt_owner(path); !owned) return std::unexpected(owned.error());
        return true;
    }
    if (errno != EEXIST) return errno_error(Remedy::stop_volume, "cannot make folder " + path.string());
    struct stat found{};
    if (::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return false;
    errno = ENOTDIR;
    return errno_error(Remedy::stop_volume, "cannot make folder " + path.string());
}

Status RealFiles::write(int fd, std::span<const ByteView> pieces) {
    std::array<iovec, kPiecesAtOnce> vectors{};
    while (!pieces.empty()) {
        const auto now = pieces.first(std::min(pieces.size(), kPiecesAtOnce));
        std::ranges::transform(now, vectors.begin(), [](ByteView piece) {
            // writev only reads; iovec has no const form.
            return iovec{.iov_base = const_cast<std::uint8_t*>(piece.data()), .iov_len = piece.size()};
        });
        if (auto done = write_vectors(fd, std::span{vectors}.first(now.size())); !done) return done;
        pieces = pieces.subspan(now.size());
    }
    return {};
}

Status RealFiles::sync_data(int fd) {
    // Never repeated, not even after EINTR: the kernel may have dropped the pages and a second call would
    // succeed. I4
    if (::fdatasync(fd) != 0) return errno_error(Remedy::abandon_file, "cannot sync " + path_of(fd));
    return {};
}

Status RealFiles::truncate(int fd, std::uint64_t size_bytes) {
    if (::ftruncate(fd, static_cast<off_t>(size_bytes)) != 0) {
        return errno_error(Remedy::abandon_file, "cannot cut " + path_of(fd));
    }
    return sync_data(fd);
}

Status RealFiles::rename(const fs::path& from, const fs::path& to) {
    const auto failed = [&] {
        return errno_error(
            Remedy::abandon_file, "cannot rename " + from.string() + " to " + to.filename().string()
        );
    };
    // Footage never replaces footage.
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL && errno != ENOSYS) return failed();
    struct stat found{};  // a file system without the flag: look first; this folder has only one writer
    if (::lstat(to.c_str(), &found) == 0) {
        errno = EEXIST;
        return failed();
    }
    if (::rename(from.c_str(), to.c_str()) != 0) return failed();
    return {};
}

Status RealFiles::sync_directory(const fs::path& directory) {
    const UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd.is_open() || ::fsync(fd.get()) != 0) {
        return errno_error(Remedy::stop_volume, "cannot sync folder " + directory.string());
    }
    return {};
}

Result<bool> RealFiles::remove(const fs::path& path) {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    return errno_error(Remedy::abandon_file, "cannot remove " + path.string());
}

Result<bool> RealFiles::remove_directory(const fs::path& path) {
    if (::rmdir(path.c_str()) == 0) return true;
    if (errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST) return false;
    return errno_error(Remedy::abandon_file, "cannot remove folder " + path.string());
}

Status make_directories(DurableFiles& files, const fs::path& root, const fs::path& directory) {
    if (!is_without_entries(directory)) {
        std::error_code ignored;
        if (fs::is_directory(directory, ignored)) return {};
    }
    fs::path parent = root;
    for (const fs::path& name : directory.lexically_relative(root)) {
        if (name.empty() || name == ".") continue;
        const fs::path child = parent / name;
        auto made = files.make_directory(child);
        if (!made) return std::unexpected(made.error());
        // An empty folder that is there may be one whose maker was killed before it could sync the parent;
        // whatever has an entry was synced before that entry was made.
        if (*made || is_without_entries(child)) {
            if (auto synced = files.sync_directory(parent); !synced) return synced;
        }
        parent = child;
    }
    return {};
}

}  // namespace sluice::volume
