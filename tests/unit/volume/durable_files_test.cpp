#include "storage/volume/durable_files.hpp"

#include "tests/support/faulty_files.hpp"
#include "tests/support/temp_folder.hpp"

#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using volume::RealFiles;

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

mode_t mode_of(const fs::path& path) {
    struct stat found{};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 07777U;
}

}  // namespace

TEST_CASE(
    "pieces are written in order at the end, also more of them than one system call takes",
    "[volume][disk]"
) {
    const TempFolder folder;
    RealFiles files;
    const auto fd = files.create(folder.path() / "a");
    REQUIRE(fd);
    std::vector<Bytes> bytes(3000);
    std::vector<ByteView> pieces;
    std::string expected;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i].assign(i % 7, static_cast<std::uint8_t>('a' + i % 26));  // some are empty
        pieces.emplace_back(bytes[i]);
        expected += as_text(bytes[i]);
    }
    REQUIRE(files.write(fd->get(), pieces));
    REQUIRE(files.write(fd->get(), std::span{pieces}.first(20)));
    for (std::size_t i = 0; i < 20; ++i)
        expected += as_text(bytes[i]);
    CHECK(content_of(folder.path() / "a") == expected);
}

TEST_CASE("a file is made once, with a mode that the umask can't cut", "[volume][disk]") {
    const TempFolder folder;
    RealFiles files;
    const mode_t before = ::umask(0077);
    const auto made = files.create(folder.path() / "a");
    const auto folder_made = files.make_directory(folder.path() / "b");
    ::umask(before);
    REQUIRE(made);
    REQUIRE(folder_made);
    CHECK(*folder_made);
    CHECK(mode_of(folder.path() / "a") == 0640);
    CHECK(mode_of(folder.path() / "b") == 02750);
    const auto again = files.create(folder.path() / "a");
    REQUIRE_FALSE(again);
    CHECK(again.error().remedy() == Remedy::abandon_file);
    CHECK(again.error().code() == std::errc::file_exists);
}

TEST_CASE("making a folder that is there says so; a file in its place stops the volume", "[volume][disk]") {
    const TempFolder folder;
    RealFiles files;
    REQUIRE(files.make_directory(folder.path() / "a"));
    const auto again = files.make_directory(folder.path() / "a");
    REQUIRE(again);
    CHECK_FALSE(*again);
    std::ofstream{folder.path() / "file"} << "x";
    const auto refused = files.make_directory(folder.path() / "file");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::stop_volume);
}

TEST_CASE("a rename never replaces a file (I3)", "[volume][disk]") {
    const TempFolder folder;
    RealFiles files;
    std::ofstream{folder.path() / "a"} << "new";
    std::ofstream{folder.path() / "b"} << "old";
    const auto renamed = files.rename(folder.path() / "a", folder.path() / "b");
    REQUIRE_FALSE(renamed);
    CHECK(renamed.error().remedy() == Remedy::abandon_file);
    CHECK(content_of(folder.path() / "b") == "old");
    REQUIRE(files.rename(folder.path() / "a", folder.path() / "c"));
    CHECK(content_of(folder.path() / "c") == "new");
}

TEST_CASE("cutting a file leaves its beginning", "[volume][disk]") {
    const TempFolder folder;
    RealFiles files;
    std::ofstream{folder.path() / "a"} << "0123456789";
    const auto fd = files.open_existing(folder.path() / "a");
    REQUIRE(fd);
    REQUIRE(files.truncate(fd->get(), 4));
    REQUIRE(files.write(fd->get(), std::array{as_bytes("x")}));
    CHECK(content_of(folder.path() / "a") == "0123x");
}

TEST_CASE("errors of the disk carry the remedy and name the object", "[volume][disk]") {
    const TempFolder folder;
    RealFiles files;
    const auto synced = files.sync_directory(folder.path() / "nowhere");
    REQUIRE_FALSE(synced);
    CHECK(synced.error().remedy() == Remedy::stop_volume);
    CHECK(synced.error().message().find("nowhere") != std::string::npos);
    const auto opened = files.open_existing(folder.path() / "nowhere");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().remedy() == Remedy::abandon_file);
    const UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    REQUIRE(full.is_open());
    const auto written = files.write(full.get(), std::array{as_bytes("x")});
    REQUIRE_FALSE(written);
    CHECK(written.error().label() == "disk_full");
    const UniqueFd pipe_like{::open("/proc/self/status", O_RDONLY | O_CLOEXEC)};
    const auto not_synced = files.sync_data(pipe_like.get());
    REQUIRE_FALSE(not_synced);
    CHECK(not_synced.error().remedy() == Remedy::abandon_file);
}

TEST_CASE("folders and their parents survive a power cut once they are made (I2)", "[volume][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    const fs::path deep = folder.path() / "a/b/c";
    REQUIRE(volume::make_directories(files, folder.path(), deep));
    files.power_cut();
    CHECK(fs::is_directory(deep));
    REQUIRE(volume::make_directories(files, folder.path(), deep));
}

TEST_CASE("folders that a killed process left unsynced are synced by the next (I2)", "[volume][fault]") {
    bool passed = false;
    for (std::size_t nth = 1; !passed; ++nth) {
        REQUIRE(nth < 20);
        CAPTURE(nth);
        const TempFolder folder;
        FaultyFiles files{folder.path()};
        const fs::path deep = folder.path() / "a/b/c";
        files.die_at_nth_call(nth);
        passed = volume::make_directories(files, folder.path(), deep).has_value();
        files.heal();
        REQUIRE(volume::make_directories(files, folder.path(), deep));
        files.power_cut();
        CHECK(fs::is_directory(deep));
    }
}

TEST_CASE("a folder in use is not asked for again", "[volume][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    REQUIRE(volume::make_directories(files, folder.path(), folder.path() / "a/b"));
    std::ofstream{folder.path() / "a/b/file"} << "x";
    const std::size_t calls = files.calls().size();
    REQUIRE(volume::make_directories(files, folder.path(), folder.path() / "a/b"));
    CHECK(files.calls().size() == calls);
}

TEST_CASE("the test's power cut keeps what was synced and drops the rest", "[volume][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    const auto kept = files.create(folder.path() / "kept");
    REQUIRE(kept);
    REQUIRE(files.write(kept->get(), std::array{as_bytes("durable")}));
    REQUIRE(files.sync_data(kept->get()));
    REQUIRE(files.sync_directory(folder.path()));
    REQUIRE(files.write(kept->get(), std::array{as_bytes("+volatile")}));
    const auto unnamed = files.create(folder.path() / "unnamed");
    REQUIRE(unnamed);
    REQUIRE(files.write(unnamed->get(), std::array{as_bytes("synced, but its name is not")}));
    REQUIRE(files.sync_data(unnamed->get()));
    REQUIRE(files.rename(folder.path() / "kept", folder.path() / "renamed"));
    files.power_cut();
    CHECK(content_of(folder.path() / "kept") == "durable");
    CHECK_FALSE(fs::exists(folder.path() / "renamed"));
    CHECK_FALSE(fs::exists(folder.path() / "unnamed"));
}

TEST_CASE("the test's disk does not give back what a failed sync has dropped", "[volume][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    const auto fd = files.create(folder.path() / "a");
    REQUIRE(fd);
    REQUIRE(files.sync_directory(folder.path()));
    REQUIRE(files.write(fd->get(), std::array{as_bytes("lost")}));
    files.fail_nth(Call::sync_data, 1);
    REQUIRE_FALSE(files.sync_data(fd->get()));
    REQUIRE(files.sync_data(fd->get()));  // as under Linux, it says that all is well
    files.power_cut();
    CHECK(content_of(folder.path() / "a") == std::string(4, '\0'));
}
