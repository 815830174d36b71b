// The bad network of the fault tests: one that lets everything pass would let every recorder pass.
#include "tests/support/cable/wire.hpp"

#include <vector>

#include <netinet/in.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using cable::Direction;
using cable::TimePoint;
using cable::Wire;

namespace {

constexpr TimePoint kNow{1000s};

/// IPv4 and the part of TCP or UDP that a network looks at, from port to port of 10.0.0.1 and 10.0.0.2.
std::vector<std::uint8_t>
packet(std::uint8_t protocol, Direction direction, std::uint8_t host_port, std::uint8_t tcp_flags = 0x10) {
    std::vector<std::uint8_t> bytes(40, 0);
    const bool is_from_host = direction == Direction::to_cameras;
    bytes[0] = 0x45;
    bytes[9] = protocol;
    bytes[12] = bytes[16] = 10;
    bytes[15] = is_from_host ? 1 : 2;
    bytes[19] = is_from_host ? 2 : 1;
    bytes[is_from_host ? 21 : 23] = host_port;
    bytes[is_from_host ? 23 : 21] = 200;  // the camera's
    bytes[33] = tcp_flags;
    return bytes;
}

bool passes(Wire& wire, const std::vector<std::uint8_t>& bytes, Direction direction) {
    return wire.carry(bytes, direction, kNow).has_value();
}

}  // namespace

TEST_CASE("a wire without faults carries each packet at once, an unplugged one none", "[cable]") {
    Wire wire{1};
    const auto bytes = packet(IPPROTO_UDP, Direction::to_host, 7);
    CHECK(wire.carry(bytes, Direction::to_host, kNow) == kNow);
    wire.faults.is_unplugged = true;
    CHECK_FALSE(passes(wire, bytes, Direction::to_host));
    CHECK_FALSE(passes(wire, bytes, Direction::to_cameras));
}

TEST_CASE("a wire loses about the share of packets that it was told", "[cable]") {
    Wire wire{2};
    wire.faults.loss_percent = 10;
    int lost = 0;
    for (int i = 0; i < 5000; ++i)
        lost += passes(wire, packet(IPPROTO_UDP, Direction::to_host, 7), Direction::to_host) ? 0 : 1;
    CHECK(lost > 350);
    CHECK(lost < 650);
}

TEST_CASE("delay and jitter keep the order of packets, lateness does not", "[cable]") {
    Wire wire{3};
    wire.faults.delay = 50ms;
    wire.faults.jitter = 100ms;
    const auto bytes = packet(IPPROTO_UDP, Direction::to_host, 7);
    TimePoint last{};
    for (int i = 0; i < 500; ++i) {
        const auto out = wire.carry(bytes, Direction::to_host, kNow + i * 1ms);
        REQUIRE(out);
        CHECK(*out >= last);
        CHECK(*out >= kNow + i * 1ms + 50ms);
        CHECK(*out <= kNow + i * 1ms + 150ms + 500ms);
        last = *out;
    }
    wire.faults = {.late_percent = 20, .late = 30ms};
    int overtaken = 0;
    for (int i = 1000; i < 1500; ++i) {
        const auto out = wire.carry(bytes, Direction::to_host, kNow + i * 1ms);
        REQUIRE(out);
        overtaken += *out < last ? 1 : 0;
        last = *out;
    }
    CHECK(overtaken > 20);
}

TEST_CASE("what a NAT has forgotten gets through in no direction, what begins anew does", "[cable]") {
    Wire wire{4};
    for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP}}) {
        CHECK(passes(wire, packet(protocol, Direction::to_cameras, 7), Direction::to_cameras));
        CHECK(passes(wire, packet(protocol, Direction::to_host, 7), Direction::to_host));
    }
    wire.forget();
    for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP}}) {
        CHECK_FALSE(passes(wire, packet(protocol, Direction::to_cameras, 7), Direction::to_cameras));
        CHECK_FALSE(passes(wire, packet(protocol, Direction::to_host, 7), Direction::to_host));
        CHECK(passes(wire, packet(protocol, Direction::to_host, 8), Direction::to_host));
    }
    CHECK(passes(wire, packet(IPPROTO_TCP, Direction::to_cameras, 7, 0x02), Direction::to_cameras));
    CHECK(passes(wire, packet(IPPROTO_TCP, Direction::to_host, 7), Direction::to_host));
}
