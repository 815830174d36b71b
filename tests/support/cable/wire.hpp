#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <span>

/// What a bad network does to a packet. A value: no socket, no clock.
namespace sluice::cable {

using Steady = std::chrono::steady_clock;
using TimePoint = Steady::time_point;

enum class Direction { to_cameras, to_host };

/// What is wrong with the wire, in both directions.
struct Faults {
    double loss_percent = 0;
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds jitter{0};  ///< the delay is longer by up to this; the order stays
    double late_percent = 0;              ///< so many packets are late by `late`, and others overtake them
    std::chrono::milliseconds late{0};
    bool is_unplugged = false;
};

class Wire {
public:
    explicit Wire(std::uint32_t seed) : random_(seed) {}

    Faults faults;

    /// When a packet that comes in now goes out at the other end; nullopt: never.
    [[nodiscard]] std::optional<TimePoint>
    carry(std::span<const std::uint8_t> packet, Direction direction, TimePoint now);
    /// As a NAT that was started again: nothing of the connections known so far gets through any more, and
    /// nobody is told. A TCP connection that begins anew does.
    void forget();

private:
    /// Both ends of a TCP or UDP conversation, the camera's first.
    struct Flow {
        std::uint8_t protocol = 0;
        std::array<std::uint8_t, 6> camera{};  ///< address and port as on the wire
        std::array<std::uint8_t, 6> host{};
        friend auto operator<=>(const Flow&, const Flow&) = default;
    };
    [[nodiscard]] static std::optional<Flow>
    flow_of(std::span<const std::uint8_t> packet, Direction direction);
    [[nodiscard]] bool is_forgotten(std::span<const std::uint8_t> packet, Direction direction);
    [[nodiscard]] bool happens(double percent);

    std::mt19937 random_;
    std::set<Flow> known_;
    std::set<Flow> forgotten_;
    std::array<TimePoint, 2> last_out_{};  ///< of packets that keep their order, per direction
};

}  // namespace sluice::cable
