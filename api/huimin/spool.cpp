#include "api/huimin/spool.hpp"

#include "storage/contractor/import.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace sluice::api::huimin {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> disk_error(const fs::path& path) {
    const bool is_full = errno == ENOSPC || errno == EDQUOT;
    const auto plain = errno_error(Remedy::operator_acts, "cannot write " + path.string());
    if (!is_full) return plain;
    return failure(Remedy::operator_acts, plain.error().describe(), "disk_full");
}

Status sync_folder(const fs::path& folder) {
    const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd.is_open() || ::fsync(fd.get()) != 0)
        return errno_error(Remedy::operator_acts, "cannot sync " + folder.string());
    return {};
}

}  // namespace

Result<ClipFile> ClipFile::hold(const fs::path& data, const Uuid& clip_id) {
    fs::path path = contractor::spool_path(data, clip_id);
    std::error_code code;
    fs::create_directories(path.parent_path(), code);
    if (code) return failure(Remedy::operator_acts, "cannot make " + path.parent_path().string());
    UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640)};
    if (!fd.is_open()) return disk_error(path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return failure(Remedy::refuse, "another part of this clip is being written", "UPLOAD_BUSY");
    return ClipFile{std::move(path), std::move(fd)};
}

Status ClipFile::write(std::uint64_t offset, std::string_view bytes) const {
    if (::ftruncate(fd_.get(), static_cast<off_t>(offset)) != 0) return disk_error(path_);
    for (std::uint64_t at = offset; !bytes.empty();) {
        const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return disk_error(path_);
        bytes.remove_prefix(static_cast<std::size_t>(count));
        at += static_cast<std::uint64_t>(count);
    }
    if (::fsync(fd_.get()) != 0) return disk_error(path_);
    return offset == 0 ? sync_folder(path_.parent_path()) : Status{};
}

Status remove_clip(const fs::path& data, const Uuid& clip_id) {
    const fs::path path = contractor::spool_path(data, clip_id);
    if (::unlink(path.c_str()) != 0) {
        if (errno == ENOENT) return {};
        return errno_error(Remedy::operator_acts, "cannot remove " + path.string());
    }
    return sync_folder(path.parent_path());
}

}  // namespace sluice::api::huimin
