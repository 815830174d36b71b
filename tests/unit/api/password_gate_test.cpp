#include "api/password_gate.hpp"

#include <future>
#include <memory>
#include <thread>

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

TEST_CASE("one password is hashed at a time, one waits, and all others are turned away", "[api][login]") {
    PasswordGate gate;
    auto first = std::make_unique<PasswordTurn>(gate);
    REQUIRE(first->has_turn());
    auto second = std::async(std::launch::async, [&] { return PasswordTurn{gate}.has_turn(); });
    while (gate.has_room())
        std::this_thread::yield();
    CHECK_FALSE(PasswordTurn{gate}.has_turn());
    first.reset();
    CHECK(second.get());
    CHECK(PasswordTurn{gate}.has_turn());
}

}  // namespace
}  // namespace sluice::api
