#pragma once

#include "tests/support/temp_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

/// Disks out of files, and what can happen to a mount. Root only; everything throws std::runtime_error when
/// it can't be done.
namespace sluice::test {

enum class FileSystem { ext4, xfs };
[[nodiscard]] std::string to_string(FileSystem kind);

/// An empty file system of that size in the file `image`.
void make_file_system(FileSystem kind, const std::filesystem::path& image, std::uint64_t size_bytes);
/// Mounts the file as a loop device; the folder is made.
void mount_image(const std::filesystem::path& image, const std::filesystem::path& at);
/// Shows the folder `from` at the folder `at`, which is made.
void bind_mount(const std::filesystem::path& from, const std::filesystem::path& at);
/// Of a mount that no file is open for writing on.
void set_read_only(const std::filesystem::path& at, bool is_read_only);
/// Waits for what still lets go.
void unmount(const std::filesystem::path& at);
/// The name is gone at once; who has files open there goes on using them.
void detach(const std::filesystem::path& at);

/// A small ext4 disk, mounted as long as the object lives.
class LoopDisk {
public:
    explicit LoopDisk(std::uint64_t size_bytes);
    ~LoopDisk();
    LoopDisk(const LoopDisk&) = delete;
    LoopDisk& operator=(const LoopDisk&) = delete;

    [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "mounted"; }
    /// The kernel meets an error on it and, as ext4 is made to, lets nobody write any more.
    void break_down() const;
    /// Unmounted, looked through by fsck, mounted again. Nobody may use it.
    void repair() const;

private:
    TempFolder folder_;
};

}  // namespace sluice::test
