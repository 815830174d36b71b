#include "storage/access/inventory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::access {
namespace {

// Each list in the order of its enumeration.
constexpr std::array<std::string_view, 4> kBoundaries{"building", "section", "room", "unplaced"};
constexpr std::array<std::string_view, 3> kStates{"planned", "active", "retired"};
constexpr std::array<std::string_view, 5> kDoorKinds{"eml", "anode_bolt", "strike", "turnstile", "other"};
constexpr std::array<std::string_view, 3> kFailModes{"fail_safe", "fail_secure", "unknown"};
constexpr std::array<std::string_view, 3> kSides{"in", "out", "unknown"};
constexpr std::array<std::string_view, 5>
    kControllerKinds{"unknown", "csv_import", "http_push", "uhppote", "zkteco_push"};
constexpr std::array<std::string_view, 2> kClocks{"taipei", "utc"};

template <class Enum, std::size_t N>
constexpr std::string_view word_of(const std::array<std::string_view, N>& words, Enum value) noexcept {
    return words[static_cast<std::size_t>(value)];
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum>
value_of(const std::array<std::string_view, N>& words, std::string_view word) noexcept {
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Enum>(found - words.begin());
}

}  // namespace

std::string_view to_string(Boundary word) noexcept {
    return word_of(kBoundaries, word);
}
std::string_view to_string(InventoryState word) noexcept {
    return word_of(kStates, word);
}
std::string_view to_string(DoorKind word) noexcept {
    return word_of(kDoorKinds, word);
}
std::string_view to_string(FailMode word) noexcept {
    return word_of(kFailModes, word);
}
std::string_view to_string(ReaderSide word) noexcept {
    return word_of(kSides, word);
}
std::string_view to_string(ControllerKind word) noexcept {
    return word_of(kControllerKinds, word);
}
std::string_view to_string(ControllerClock word) noexcept {
    return word_of(kClocks, word);
}

std::optional<Boundary> boundary_from(std::string_view word) noexcept {
    return value_of<Boundary>(kBoundaries, word);
}
std::optional<InventoryState> inventory_state_from(std::string_view word) noexcept {
    return value_of<InventoryState>(kStates, word);
}
std::optional<DoorKind> door_kind_from(std::string_view word) noexcept {
    return value_of<DoorKind>(kDoorKinds, word);
}
std::optional<FailMode> fail_mode_from(std::string_view word) noexcept {
    return value_of<FailMode>(kFailModes, word);
}
std::optional<ReaderSide> reader_side_from(std::string_view word) noexcept {
    return value_of<ReaderSide>(kSides, word);
}
std::optional<ControllerKind> controller_kind_from(std::string_view word) noexcept {
    return value_of<ControllerKind>(kControllerKinds, word);
}
std::optional<ControllerClock> controller_clock_from(std::string_view word) noexcept {
    return value_of<ControllerClock>(kClocks, word);
}

}  // namespace sluice::access
