#pragma once

#include "config/base/uuid.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Doors and what opens them, as values without handles.
namespace sluice::access {

/// What a door closes off. `unplaced`: nobody has said yet where it is, so nothing is concluded from it.
enum class Boundary : std::uint8_t { building, section, room, unplaced };
/// `planned`: it isn't there yet, and stays an open finding until it is. `retired`: kept for what it did.
enum class InventoryState : std::uint8_t { planned, active, retired };
enum class DoorKind : std::uint8_t { eml, anode_bolt, strike, turnstile, other };
/// What the lock does without power: `fail_safe` is open then.
enum class FailMode : std::uint8_t { fail_safe, fail_secure, unknown };
enum class ReaderSide : std::uint8_t { in, out, unknown };
/// How its events come to us.
enum class ControllerKind : std::uint8_t { unknown, csv_import, http_push, uhppote, zkteco_push };
/// What the times mean that it tells without a zone.
enum class ControllerClock : std::uint8_t { taipei, utc };

[[nodiscard]] std::string_view to_string(Boundary word) noexcept;
[[nodiscard]] std::string_view to_string(InventoryState word) noexcept;
[[nodiscard]] std::string_view to_string(DoorKind word) noexcept;
[[nodiscard]] std::string_view to_string(FailMode word) noexcept;
[[nodiscard]] std::string_view to_string(ReaderSide word) noexcept;
[[nodiscard]] std::string_view to_string(ControllerKind word) noexcept;
[[nodiscard]] std::string_view to_string(ControllerClock word) noexcept;
[[nodiscard]] std::optional<Boundary> boundary_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<InventoryState> inventory_state_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<DoorKind> door_kind_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<FailMode> fail_mode_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<ReaderSide> reader_side_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<ControllerKind> controller_kind_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<ControllerClock> controller_clock_from(std::string_view word) noexcept;

struct Controller {
    Uuid id;
    std::string slug;
    std::string name;
    std::string make = "unknown";
    ControllerKind kind = ControllerKind::unknown;
    InventoryState state = InventoryState::active;
    std::string source;                             ///< of its events (CloudEvents); empty: not known
    std::optional<Uuid> account_id;                 ///< the machine account that posts for it
    std::optional<std::chrono::seconds> heartbeat;  ///< it says something so often; nullopt: not expected to
    ControllerClock clock = ControllerClock::taipei;
    std::chrono::seconds clock_tolerance{60};  ///< an offset above this is reported
    friend bool operator==(const Controller&, const Controller&) = default;
};

struct Door {
    Uuid id;
    std::string slug;
    std::string name;
    DoorKind kind = DoorKind::other;
    int leaves = 1;
    FailMode fail_mode = FailMode::unknown;
    Boundary boundary = Boundary::unplaced;
    InventoryState state = InventoryState::active;
    bool is_main = false;
    bool is_rear = false;
    std::chrono::seconds held_open{60};  ///< open for longer than this is held open
    std::optional<Uuid> controller_id;
    std::vector<std::string> labels;        ///< other names, as controllers and their exports write it
    std::vector<std::string> camera_slugs;  ///< that see it
    friend bool operator==(const Door&, const Door&) = default;
};

struct Reader {
    Uuid id;
    std::string slug;
    std::string name;
    Uuid door_id;
    ReaderSide side = ReaderSide::unknown;
    InventoryState state = InventoryState::active;
    std::vector<std::string> labels;
    friend bool operator==(const Reader&, const Reader&) = default;
};

/// Of whom a card or an event says no more than this: "staff", "cleaning", "contractor".
struct PersonCategory {
    Uuid id;
    std::string slug;
    std::string name;
    InventoryState state = InventoryState::active;
    friend bool operator==(const PersonCategory&, const PersonCategory&) = default;
};

}  // namespace sluice::access
