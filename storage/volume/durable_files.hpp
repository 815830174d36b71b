#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"

#include <filesystem>
#include <span>
#include <string>

namespace sluice::volume {

/// The only door to what changes footage on disk: one real, one faulty (tests/support). Nothing else in
/// storage/ or daemon/ calls open-for-writing, write, fsync, rename, mkdir or unlink on a volume.
class DurableFiles {
public:
    virtual ~DurableFiles() = default;
    /// Creates a new file, O_EXCL, mode 0640. Fails with abandon_file.
    virtual Result<UniqueFd> create(const std::filesystem::path& path) = 0;
    /// Opens an existing file for appending or repair. Fails with abandon_file.
    virtual Result<UniqueFd> open_existing(const std::filesystem::path& path) = 0;
    /// Makes one folder (mode 2750, group of its parent); already there is success and says false. Fails with
    /// stop_volume.
    virtual Result<bool> make_directory(const std::filesystem::path& path) = 0;
    /// Writes all pieces in order at the end of the file. Fails with abandon_file; ENOSPC with label
    /// "disk_full".
    virtual Status write(int fd, std::span<const ByteView> pieces) = 0;
    /// fdatasync. A failure is final for the file: abandon_file.
    virtual Status sync_data(int fd) = 0;
    /// Cuts the file and syncs its length. abandon_file.
    virtual Status truncate(int fd, std::uint64_t size_bytes) = 0;
    virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// Fails with stop_volume.
    virtual Status sync_directory(const std::filesystem::path& directory) = 0;
    /// Takes a file's name away; durable once its folder is synced. False: nothing has that name. Only
    /// whoever destroys footage by rule calls this. Fails with abandon_file.
    virtual Result<bool> remove(const std::filesystem::path& path) = 0;
    /// Takes an empty folder away. False: it is not there, or something is in it. Fails with abandon_file.
    virtual Result<bool> remove_directory(const std::filesystem::path& path) = 0;
};

class RealFiles final : public DurableFiles {
public:
    Result<UniqueFd> create(const std::filesystem::path& path) override;
    Result<UniqueFd> open_existing(const std::filesystem::path& path) override;
    Result<bool> make_directory(const std::filesystem::path& path) override;
    Status write(int fd, std::span<const ByteView> pieces) override;
    Status sync_data(int fd) override;
    Status truncate(int fd, std::uint64_t size_bytes) override;
    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Status sync_directory(const std::filesystem::path& directory) override;
    Result<bool> remove(const std::filesystem::path& path) override;
    Result<bool> remove_directory(const std::filesystem::path& path) override;
};

/// Makes `directory` and its missing parents below `root`, syncing the parent of each one newly made, and of
/// an empty one that was there: a process killed between the two steps may have left it.
[[nodiscard]] Status make_directories(
    DurableFiles& files,
    const std::filesystem::path& root,
    const std::filesystem::path& directory
);

/// The path an open file has now, for messages; "file 7" when it can't be told.
[[nodiscard]] std::string path_of(int fd);

}  // namespace sluice::volume
