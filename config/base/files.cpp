#include "config/base/files.hpp"

#include "config/base/unique_fd.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice {
namespace {

Status write_all(int fd, std::string_view content, const std::string& name) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno_error(Remedy::operator_acts, "cannot write " + name);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status replace(const std::filesystem::path& path, std::string_view content, unsigned mode, bool durable) {
    const std::string temporary = path.string() + ".new";
    // In a folder of another user (root writing for a service) a planted link must not be followed.
    ::unlink(temporary.c_str());
    UniqueFd fd{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot create " + temporary);
    // The mode given to open(2) is cut by the umask, and a left-over file keeps its old one.
    if (::fchmod(fd.get(), mode) != 0)
        return errno_error(Remedy::operator_acts, "cannot set mode of " + temporary);
    if (auto written = write_all(fd.get(), content, temporary); !written) return written;
    if (durable && ::fsync(fd.get()) != 0)
        return errno_error(Remedy::operator_acts, "cannot sync " + temporary);
    fd.reset();
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        return errno_error(Remedy::operator_acts, "cannot replace " + path.string());
    }
    return durable ? sync_folder(path.parent_path().empty() ? "." : path.parent_path()) : Status{};
}

}  // namespace

Status sync_folder(const std::filesystem::path& folder) {
    const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd.is_open() || ::fsync(fd.get()) != 0) {
        return errno_error(Remedy::operator_acts, "cannot sync folder " + folder.string());
    }
    return {};
}

Status give_to_folder_owner(const std::filesystem::path& path) {
    struct stat facts{};
    if (::geteuid() != 0 || ::stat(path.parent_path().c_str(), &facts) != 0) return {};
    if (::lchown(path.c_str(), facts.st_uid, facts.st_gid) != 0)
        return errno_error(Remedy::operator_acts, "cannot give away " + path.string());
    return {};
}

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit_bytes) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    std::string content;
    std::array<char, 16384> piece{};
    for (;;) {
        const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error(Remedy::operator_acts, "cannot read " + path.string());
        if (got == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(got));
        if (content.size() > limit_bytes) {
            return failure(
                Remedy::operator_acts,
                path.string() + " is larger than " + std::to_string(limit_bytes) + " bytes"
            );
        }
    }
}

Status replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    return replace(path, content, mode, true);
}

Status replace_file_unsynced(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    return replace(path, content, mode, false);
}

}  // namespace sluice
