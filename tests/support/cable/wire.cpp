#include "tests/support/cable/wire.hpp"

#include <algorithm>

#include <netinet/in.h>

namespace sluice::cable {
namespace {

constexpr std::size_t kShortestHead = 20;
constexpr std::size_t kTcpFlags = 13;  // offset in the TCP head
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;

std::size_t head_size(std::span<const std::uint8_t> packet) {
    return static_cast<std::size_t>(packet[0] & 0x0fU) * 4;
}

/// A connection that begins (RFC 9293, section 3.5).
bool is_first_of_tcp(std::span<const std::uint8_t> packet) {
    const std::size_t flags = head_size(packet) + kTcpFlags;
    return packet[9] == IPPROTO_TCP && packet.size() > flags && (packet[flags] & (kSyn | kAck)) == kSyn;
}

}  // namespace

std::optional<TimePoint>
Wire::carry(std::span<const std::uint8_t> packet, Direction direction, TimePoint now) {
    if (faults.is_unplugged || is_forgotten(packet, direction) || happens(faults.loss_percent))
        return std::nullopt;
    std::uniform_int_distribution<std::int64_t> jitter{0, faults.jitter.count()};
    TimePoint out = now + faults.delay + std::chrono::milliseconds{jitter(random_)};
    if (happens(faults.late_percent)) return out + faults.late;
    TimePoint& last = last_out_[direction == Direction::to_host ? 1 : 0];
    out = std::max(out, last);
    last = out;
    return out;
}

void Wire::forget() {
    forgotten_.merge(known_);
    known_.clear();
}

std::optional<Wire::Flow> Wire::flow_of(std::span<const std::uint8_t> packet, Direction direction) {
    if (packet.size() < kShortestHead || packet[0] >> 4U != 4) return std::nullopt;
    const std::size_t ports = head_size(packet);
    if ((packet[9] != IPPROTO_TCP && packet[9] != IPPROTO_UDP) || packet.size() < ports + 4)
        return std::nullopt;
    Flow flow;
    flow.protocol = packet[9];
    const bool is_from_host = direction == Direction::to_cameras;
    auto& source = is_from_host ? flow.host : flow.camera;
    auto& target = is_from_host ? flow.camera : flow.host;
    std::copy_n(packet.begin() + 12, 4, source.begin());
    std::copy_n(packet.begin() + 16, 4, target.begin());
    std::ranges::copy(packet.subspan(ports, 2), source.begin() + 4);
    std::ranges::copy(packet.subspan(ports + 2, 2), target.begin() + 4);
    return flow;
}

bool Wire::is_forgotten(std::span<const std::uint8_t> packet, Direction direction) {
    const auto flow = flow_of(packet, direction);
    if (!flow) return false;
    if (is_first_of_tcp(packet)) forgotten_.erase(*flow);
    if (forgotten_.contains(*flow)) return true;
    known_.insert(*flow);
    return false;
}

bool Wire::happens(double percent) {
    return percent > 0 && std::uniform_real_distribution<double>{0, 100}(random_) < percent;
}

}  // namespace sluice::cable
