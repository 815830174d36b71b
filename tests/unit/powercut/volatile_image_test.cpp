// The disk of the power cut tests: a tool that keeps too much would let a recorder pass that never syncs.
#include "tests/support/powercut/volatile_image.hpp"

#include "tests/support/temp_folder.hpp"

#include <algorithm>
#include <set>

#include <fcntl.h>

#include <catch2/catch.hpp>

using namespace sluice;
using powercut::VolatileImage;

namespace {

constexpr std::size_t kSector = 512;
constexpr std::uint64_t kSectors = 64;

struct Disk {
    Disk() : image{open(), kSectors * kSector, kSector} {}

    [[nodiscard]] UniqueFd open() const {
        return UniqueFd{::open((folder.path() / "backing").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    }
    void write(std::uint64_t offset, std::size_t count, std::uint8_t value) {
        REQUIRE(image.write(offset, Bytes(count, value)) == 0);
    }
    [[nodiscard]] Bytes read(std::uint64_t offset, std::size_t count) const {
        Bytes bytes(count);
        REQUIRE(image.read(offset, bytes) == 0);
        return bytes;
    }
    /// What stands on the disk itself.
    [[nodiscard]] Bytes durable() const {
        const VolatileImage fresh{open(), kSectors * kSector, kSector};
        Bytes bytes(kSectors * kSector);
        REQUIRE(fresh.read(0, bytes) == 0);
        return bytes;
    }

    test::TempFolder folder{};
    VolatileImage image;
};

/// The one value that fills a sector; two values would be a torn sector.
std::uint8_t value_of(const Bytes& bytes, std::uint64_t sector) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSector);
    REQUIRE(std::set<std::uint8_t>(begin, begin + kSector).size() == 1);
    return *begin;
}

}  // namespace

TEST_CASE("what was written to the volatile disk is read back before any sync, at any offset", "[powercut]") {
    Disk disk;
    disk.write(0, 4 * kSector, 1);
    disk.write(700, 600, 2);
    Bytes expected(4 * kSector, 1);
    std::fill_n(expected.begin() + 700, 600, std::uint8_t{2});
    CHECK(disk.read(0, 4 * kSector) == expected);
    CHECK(disk.read(650, 100) == Bytes(expected.begin() + 650, expected.begin() + 750));
    CHECK(disk.durable() == Bytes(kSectors * kSector, 0));
    REQUIRE(disk.image.sync() == 0);
    CHECK(disk.read(0, 4 * kSector) == expected);
    CHECK(disk.durable()[700] == 2);
}

TEST_CASE(
    "after a cut synced sectors stand and each unsynced one is old or one of its writes",
    "[powercut]"
) {
    std::set<std::uint8_t> seen;
    std::set<std::uint64_t> kept;
    for (unsigned seed = 0; seed < 20; ++seed) {
        INFO("seed " << seed);
        Disk disk;
        disk.write(0, kSectors / 2 * kSector, 1);
        REQUIRE(disk.image.sync() == 0);
        disk.write(kSectors / 4 * kSector, kSectors / 2 * kSector, 2);
        disk.write(kSectors / 4 * kSector, kSectors / 2 * kSector, 3);
        std::mt19937_64 random{seed};
        const auto report = disk.image.cut(random);
        CHECK(report.unsynced_sectors == kSectors / 2);
        kept.insert(report.kept_sectors);
        const Bytes left = disk.durable();
        std::uint64_t changed = 0;
        for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
            const std::uint8_t value = value_of(left, sector);
            const bool is_unsynced = sector >= kSectors / 4 && sector < kSectors * 3 / 4;
            const std::uint8_t before = sector < kSectors / 2 ? 1 : 0;
            CHECK((value == before || (is_unsynced && (value == 2 || value == 3))));
            changed += value != before ? 1 : 0;
            if (is_unsynced) seen.insert(value);
        }
        CHECK(changed == report.kept_sectors);
    }
    CHECK(seen == std::set<std::uint8_t>{0, 1, 2, 3});
    CHECK(*kept.begin() < kSectors / 8);       // nearly everything was lost once
    CHECK(*kept.rbegin() > kSectors * 3 / 8);  // and nearly nothing
}

TEST_CASE("the same seed cuts the same way", "[powercut]") {
    std::set<Bytes> left;
    for (int i = 0; i < 2; ++i) {
        Disk disk;
        disk.write(0, kSectors * kSector, 7);
        std::mt19937_64 random{42};
        static_cast<void>(disk.image.cut(random));
        left.insert(disk.durable());
    }
    CHECK(left.size() == 1);
}
