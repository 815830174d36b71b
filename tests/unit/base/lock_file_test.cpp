#include "config/base/lock_file.hpp"

#include "tests/support/temp_folder.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("a lock is held once, names its holder, and is free again when it is let go", "[base][disk]") {
    const test::TempFolder folder;
    const auto path = folder.path() / "locks" / "up.lock";
    {
        const auto first = take_lock(path, "`sluice up`", folder.path(), 0644);
        REQUIRE(first);
        const auto second = take_lock(path, "`sluice up`", folder.path(), 0644);
        REQUIRE_FALSE(second);
        CHECK(second.error().message().find("pid " + std::to_string(::getpid())) != std::string::npos);
        CHECK(second.error().message().find(path.string()) != std::string::npos);
    }
    CHECK(take_lock(path, "`sluice up`", folder.path(), 0644));
}
