#pragma once

#include "tests/support/mounts.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sluice::test {

/// A mounted file system whose disk (powercut-disk) forgets what was not synced when its power is cut.
/// Root only. Throws std::runtime_error when something can't be started.
class CutDisk {
public:
    /// `sector_bytes`: what the disk writes whole or not at all, 512 or 4096.
    CutDisk(FileSystem kind, std::uint64_t size_bytes, unsigned sector_bytes);
    ~CutDisk();
    CutDisk(const CutDisk&) = delete;
    CutDisk& operator=(const CutDisk&) = delete;

    [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "mounted"; }
    /// The disk as a file, below the file system: every call fails after a cut.
    [[nodiscard]] std::filesystem::path image() const { return folder_.path() / "disk" / "image"; }
    /// Moves what the kernel holds of the file into the disk's cache, as it may do at any time; no sync.
    static void write_back(const std::filesystem::path& file);
    /// The power goes. What the disk said of it: seed, sectors that were not synced, how many of them stayed.
    std::string cut(unsigned seed);
    /// The power is back: the file system is mounted again and replays its journal. Whoever had files open
    /// there must be gone.
    void come_back();

private:
    void start();
    void stop();

    TempFolder folder_;
    unsigned sector_bytes_;
    Process disk_;
    bool is_mounted_ = false;
};

}  // namespace sluice::test
