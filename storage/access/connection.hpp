#pragma once

#include "config/base/time.hpp"
#include "storage/access/inventory.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

/// Whether anybody hears a controller. Pure.
namespace sluice::access {

enum class Connection : std::uint8_t { connected, silent, never_heard };
[[nodiscard]] std::string_view to_string(Connection word) noexcept;

/// What is known of a controller's silence.
struct ContactFacts {
    std::optional<UtcTime> event{};    ///< time of the newest one that it sent itself
    bool is_reported_offline = false;  ///< the newest event of all says so
    std::optional<UtcTime> answer{};   ///< when the worker heard it last, whatever it said
};

/// A worker that speaks with a controller hears it every minute at least.
inline constexpr std::chrono::minutes kAnswerPatience{5};

[[nodiscard]] std::optional<UtcTime> last_heard(const ContactFacts& facts) noexcept;

/// As the alarm `controller_silent` tells silence, but at any time of the day. nullopt: nobody can tell,
/// because it is not in use, has no source, or neither sends a heartbeat nor is spoken with.
/// `silent_heartbeats`: so many missed ones are a silence; 0: none is.
[[nodiscard]] std::optional<Connection> judge_contact(
    const Controller& controller,
    const ContactFacts& facts,
    unsigned silent_heartbeats,
    UtcTime now
) noexcept;

}  // namespace sluice::access
