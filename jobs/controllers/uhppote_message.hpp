#pragma once

#include "config/base/bytes.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

/// The messages of UHPPOTE's UT0311-L0x boards, as the uhppoted project describes them: 64 bytes over UDP,
/// numbers with the low byte first, times as decimal digits in half bytes. Pure.
namespace sluice::controllers::uhppote {

inline constexpr std::size_t kMessageBytes = 64;
inline constexpr std::uint32_t kFirst = 0;            ///< asks for the oldest event that the board still has
inline constexpr std::uint32_t kNewest = 0xffffffff;  ///< and for the newest one
/// Of an event's answer the bytes that have a meaning.
inline constexpr std::size_t kRecordBytes = 28;

using Message = std::array<std::uint8_t, kMessageBytes>;

[[nodiscard]] Message event_request(std::uint32_t serial, std::uint32_t index);

enum class RecordState {
    there,
    absent,       ///< it has no such event
    overwritten,  ///< it had one, and needed the place
};
struct Record {
    RecordState state = RecordState::absent;
    std::uint32_t index = 0;
    std::uint8_t type = 0;
    bool is_granted = false;
    std::uint8_t door = 0;  ///< from 1
    std::uint8_t direction = 0;
    std::uint32_t card = 0;  ///< 0: none
    std::optional<std::chrono::local_seconds> time{};
    std::uint8_t reason = 0;
    std::array<std::uint8_t, kRecordBytes> bytes{};  ///< as they came, the card's too
    friend bool operator==(const Record&, const Record&) = default;
};
/// nullopt: no answer of this board to event_request(serial, index). An answer without an index says that
/// there is no such event.
[[nodiscard]] std::optional<Record> read_event(ByteView bytes, std::uint32_t serial, std::uint32_t index);

/// The serial number of a board that says by itself that something has happened. Old firmware (6.62) begins
/// such a message with another byte.
[[nodiscard]] std::optional<std::uint32_t> serial_of_push(ByteView bytes);

}  // namespace sluice::controllers::uhppote
