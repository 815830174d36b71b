#include "storage/volume/list_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

#include <dirent.h>

namespace sluice::volume {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

/// True for a folder, false for a plain file, nullopt for what is neither (or vanished meanwhile).
std::optional<bool> find_kind(DIR* folder, const dirent& entry) {
    if (entry.d_type == DT_DIR) return true;
    if (entry.d_type == DT_REG) return false;
    if (entry.d_type != DT_UNKNOWN) return std::nullopt;
    const int fd = ::dirfd(folder);
    struct stat found{};
    if (fd < 0 || ::fstatat(fd, entry.d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    if (S_ISDIR(found.st_mode)) return true;
    return S_ISREG(found.st_mode) ? std::optional{false} : std::nullopt;
}

}  // namespace

Result<std::vector<FolderEntry>> list_folder(const std::filesystem::path& folder) {
    const OpenFolder open{::opendir(folder.c_str())};
    if (!open) return errno_error(Remedy::operator_acts, "cannot list " + folder.string());
    std::vector<FolderEntry> entries;
    for (;;) {
        errno = 0;
        const dirent* entry =
            ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
        if (entry == nullptr) break;
        std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (const auto kind = find_kind(open.get(), *entry)) {
            entries.push_back({.name = std::move(name), .is_folder = *kind});
        }
    }
    if (errno != 0) return errno_error(Remedy::operator_acts, "cannot list " + folder.string());
    std::ranges::sort(entries, {}, &FolderEntry::name);
    return entries;
}

}  // namespace sluice::volume
