// The tool of the power cut tests with real file systems on it: what was synced stays, what was not may go.
#include "config/base/bytes.hpp"
#include "config/base/unique_fd.hpp"
#include "tests/support/cut_disk.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/skip.hpp"

#include <fstream>
#include <iterator>
#include <random>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kSize = std::uint64_t{320} << 20U;  // xfs makes nothing smaller than 300 MiB
constexpr std::size_t kFileBytes = 300'000;

std::string content() {
    std::string text;
    for (int i = 0; text.size() < kFileBytes; ++i)
        text += std::to_string(i) + ' ';
    return text;
}

UniqueFd write_file(const fs::path& path) {
    UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    const std::string text = content();
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    return fd;
}

void sync_folder(const fs::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    REQUIRE(::fsync(fd.get()) == 0);
}

void write_synced(const fs::path& path) {
    const UniqueFd fd = write_file(path);
    REQUIRE(::fdatasync(fd.get()) == 0);
    sync_folder(path.parent_path());
}

bool is_whole(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{in}, {}} == content();
}

}  // namespace

TEST_CASE(
    "After a power cut a synced file is whole, another gone or torn, an unsynced rename perhaps undone",
    "[powercut]"
) {
    if (::geteuid() != 0) SLUICE_SKIP("needs root, which mounts file systems");
    const FileSystem kind = GENERATE(FileSystem::ext4, FileSystem::xfs);
    const unsigned sector = GENERATE(512U, 4096U);
    std::mt19937 random{std::random_device{}()};
    CutDisk disk{kind, kSize, sector};
    bool was_rename_lost = false;
    for (int round = 0; round < 3; ++round) {
        const fs::path folder = disk.root() / std::to_string(round);
        fs::create_directory(folder);
        sync_folder(disk.root());
        write_synced(folder / "synced");
        write_synced(folder / "before");
        UniqueFd unsynced = write_file(folder / "unsynced");
        if (round == 1) CutDisk::write_back(folder / "unsynced");  // on its way, and still not safe
        fs::rename(folder / "before", folder / "after");

        const std::string report = disk.cut(static_cast<unsigned>(random()));
        INFO(to_string(kind) << ", sectors of " << sector << ", round " << round << ", " << report);
        std::ifstream image{disk.image(), std::ios::binary};
        CHECK_FALSE(image.is_open());
        UniqueFd late{::open((folder / "late").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        CHECK((!late.is_open() || ::fsync(late.get()) != 0));
        unsynced.reset();
        late.reset();
        disk.come_back();

        CHECK(is_whole(folder / "synced"));
        CHECK_FALSE(is_whole(folder / "unsynced"));
        CHECK(is_whole(folder / "before") != is_whole(folder / "after"));
        was_rename_lost |= fs::exists(folder / "before");
    }
    CHECK(was_rename_lost);
}
