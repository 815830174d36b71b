#include "storage/volume/mount_table.hpp"

#include <catch2/catch.hpp>

using sluice::volume::has_shut_itself;

namespace {

constexpr const char* kTable =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n"
    "90 22 7:1 / /mnt/emergency_ro rw,relatime - ext4 /dev/loop1 rw,errors=remount-ro\n"
    "91 22 7:2 / /mnt/two rw,relatime shared:9 master:3 - ext4 /dev/loop2 rw,errors=remount-ro,emergency_ro\n"
    "92 22 7:22 /live /mnt/three rw - ext4 /dev/loop22 rw,shutdown";

}  // namespace

TEST_CASE(
    "a file system that shut itself after an error is known by its device's options (I10)",
    "[volume]"
) {
    CHECK_FALSE(has_shut_itself(kTable, 254, 0));
    CHECK_FALSE(has_shut_itself(kTable, 7, 1));  // only its name says so
    CHECK(has_shut_itself(kTable, 7, 2));
    CHECK(has_shut_itself(kTable, 7, 22));
    CHECK_FALSE(has_shut_itself(kTable, 7, 3));
    CHECK_FALSE(has_shut_itself("", 7, 2));
    CHECK_FALSE(has_shut_itself("91 22", 7, 2));
    CHECK_FALSE(has_shut_itself("91 22 7:2", 7, 2));
}
