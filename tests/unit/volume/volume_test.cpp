#include "storage/volume/volume.hpp"

#include "tests/support/faulty_files.hpp"
#include "tests/support/temp_folder.hpp"

#include <fstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

const UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

Uuid make_id(std::uint8_t last) {
    Uuid id;
    id.bytes[15] = last;
    return id;
}
const Uuid kInstallation = make_id(1);

volume::Identity add(const fs::path& root) {
    volume::RealFiles files;
    const auto identity = volume::create_identity(files, root, kInstallation, kNow);
    REQUIRE(identity);
    return *identity;
}

void write(const fs::path& path, std::string_view text) {
    std::ofstream{path} << text;
}

Error missing(const fs::path& root, const Uuid& volume = {}) {
    const auto checked = volume::check_volume(root, kInstallation, volume);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().label() == "volume_missing");
    CHECK(checked.error().remedy() == Remedy::operator_acts);
    return checked.error();
}

}  // namespace

TEST_CASE("an empty folder becomes a volume with an identity, live and journal", "[volume][disk]") {
    const TempFolder folder;
    fs::create_directory(folder.path() / "lost+found");
    const volume::Identity made = add(folder.path());
    CHECK(made.installation_id == kInstallation);
    CHECK(made.created == kNow);
    CHECK_FALSE(made.volume_id.is_nil());
    CHECK(fs::is_directory(folder.path() / "live"));
    CHECK(fs::is_directory(folder.path() / "journal"));
    const auto read = volume::read_identity(folder.path());
    REQUIRE(read);
    CHECK(*read == made);
    const auto any = volume::check_volume(folder.path(), kInstallation, Uuid{});
    REQUIRE(any);
    CHECK(*any == made);
    CHECK(volume::check_volume(folder.path(), kInstallation, made.volume_id));
}

TEST_CASE("an identity is made only where there is nothing", "[volume][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    const auto refused = [&](const fs::path& root) {
        const auto made = volume::create_identity(files, root, kInstallation, kNow);
        REQUIRE_FALSE(made);
        CHECK(made.error().remedy() == Remedy::operator_acts);
        return made.error().message();
    };
    CHECK(refused(folder.path() / "nowhere").find("no folder") != std::string::npos);
    write(folder.path() / "file", "x");
    CHECK(refused(folder.path() / "file").find("no folder") != std::string::npos);
    CHECK(refused(folder.path()).find("not empty (file)") != std::string::npos);
    fs::remove(folder.path() / "file");
    add(folder.path());
    CHECK(refused(folder.path()).find("volume already") != std::string::npos);
}

TEST_CASE(
    "an identity is whole or not there, whatever step fails, and the next attempt succeeds",
    "[volume][fault]"
) {
    const bool cuts_power = GENERATE(false, true);
    bool passed = false;
    for (std::size_t nth = 1; !passed; ++nth) {
        REQUIRE(nth < 30);
        CAPTURE(nth, cuts_power);
        const TempFolder folder;
        FaultyFiles files{folder.path()};
        files.fail_nth_call(nth);
        const auto made = volume::create_identity(files, folder.path(), kInstallation, kNow);
        passed = made.has_value();
        files.heal();
        if (cuts_power) files.power_cut();
        const auto found = volume::read_identity(folder.path());
        REQUIRE(found);
        if (passed) CHECK(found->has_value());
        if (*found) {
            CHECK(volume::check_volume(folder.path(), kInstallation, Uuid{}));
        } else {
            CHECK(volume::create_identity(files, folder.path(), kInstallation, kNow));
            files.power_cut();
            CHECK(volume::check_volume(folder.path(), kInstallation, Uuid{}));
        }
    }
}

TEST_CASE("I10: a path without the expected identity is volume_missing, and says why", "[volume][disk]") {
    const TempFolder folder;
    const fs::path root = folder.path() / "volume";
    CHECK(missing(root).code() == std::errc::no_such_file_or_directory);
    write(root, "a file");
    CHECK(missing(root).message().find("no folder") != std::string::npos);
    fs::remove(root);
    fs::create_directory(root);  // a bare mount point
    CHECK(missing(root).message().find("sluice volume add") != std::string::npos);
    const auto none = volume::read_identity(root);
    REQUIRE(none);
    CHECK_FALSE(none->has_value());
    const volume::Identity identity = add(root);
    CHECK(volume::check_volume(root, kInstallation, identity.volume_id));
    CHECK(missing(root, make_id(9)).message().find(to_string(make_id(9))) != std::string::npos);
    const auto foreign = volume::check_volume(root, make_id(2), Uuid{});
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().label() == "volume_missing");
    CHECK(foreign.error().message().find("another installation") != std::string::npos);
    fs::remove_all(root / "journal");
    missing(root);
}

TEST_CASE("I10: an identity that can't be understood is an error, not an absence", "[volume][disk]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "",
        "{",
        "[]",
        "{}",
        R"({"format":2})",
        R"({"format":1})",
        R"({"format":1,"volume_id":"x","installation_id":"00000000-0000-0000-0000-000000000001","created":"2026-11-23T10:00:00Z"})",
        R"({"format":1,"volume_id":"00000000-0000-0000-0000-000000000000","installation_id":"00000000-0000-0000-0000-000000000001","created":"2026-11-23T10:00:00Z"})",
        R"({"format":1,"volume_id":"00000000-0000-0000-0000-000000000002","installation_id":7,"created":"2026-11-23T10:00:00Z"})",
        R"({"format":1,"volume_id":"00000000-0000-0000-0000-000000000002","installation_id":"00000000-0000-0000-0000-000000000001"})",
        std::string(5000, ' ')
    );
    CAPTURE(text.substr(0, 200));
    const TempFolder folder;
    write(folder.path() / volume::kIdentityFile, text);
    const auto read = volume::read_identity(folder.path());
    REQUIRE_FALSE(read);
    CHECK(read.error().remedy() == Remedy::operator_acts);
    missing(folder.path());
}

TEST_CASE("I10: a volume that can't be written to is volume_missing, also for root", "[volume][disk]") {
    const TempFolder folder;
    const volume::Identity identity = add(folder.path());
    if (::geteuid() != 0) {
        fs::permissions(folder.path() / "live", fs::perms::owner_read | fs::perms::owner_exec);
        missing(folder.path(), identity.volume_id);
        fs::permissions(folder.path() / "live", fs::perms::owner_all);
        return;
    }
    const char* const path = folder.path().c_str();
    REQUIRE(::mount(path, path, nullptr, MS_BIND, nullptr) == 0);
    const int remounted = ::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr);
    const auto checked = volume::check_volume(folder.path(), kInstallation, identity.volume_id);
    REQUIRE(::umount(path) == 0);
    REQUIRE(remounted == 0);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().label() == "volume_missing");
    CHECK(checked.error().message().find("read-only") != std::string::npos);
    CHECK(volume::check_volume(folder.path(), kInstallation, identity.volume_id));
}

TEST_CASE("free space is what an ordinary user may write", "[volume][disk]") {
    const TempFolder folder;
    const auto space = volume::read_space(folder.path());
    REQUIRE(space);
    CHECK(space->total_bytes > 0);
    CHECK(space->free_bytes <= space->total_bytes);
    const auto nowhere = volume::read_space(folder.path() / "nowhere");
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().remedy() == Remedy::operator_acts);
}

TEST_CASE("I11: the reserve is the larger of bytes and percent, at most half of the disk", "[volume][rule]") {
    constexpr std::uint64_t gib = 1ULL << 30U;
    const auto reserve = [](std::uint64_t total, std::uint64_t bytes, unsigned percent) {
        return volume::reserve_bytes({.total_bytes = total, .free_bytes = 0}, bytes, percent);
    };
    CHECK(reserve(10 * gib, 2 * gib, 5) == 2 * gib);
    CHECK(reserve(1000 * gib, 2 * gib, 5) == 50 * gib);
    CHECK(reserve(40 * gib, 2 * gib, 5) == 2 * gib);
    CHECK(reserve(3 * gib, 2 * gib, 5) == 3 * gib / 2);
    CHECK(reserve(100 * gib, 0, 0) == 0);
    CHECK(reserve(99, 0, 5) == 4);
    CHECK(reserve(100 * gib, 0, 4'000'000'000U) == 50 * gib);
    CHECK(reserve(UINT64_MAX, 0, 5) >= UINT64_MAX / 100 * 5);
    CHECK(reserve(0, 2 * gib, 5) == 0);
}
