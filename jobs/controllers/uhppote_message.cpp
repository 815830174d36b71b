#include "jobs/controllers/uhppote_message.hpp"

#include "jobs/controllers/sender.hpp"

#include <algorithm>

namespace sluice::controllers::uhppote {
namespace {

constexpr std::uint8_t kStart = 0x17;
constexpr std::uint8_t kOldStart = 0x19;
constexpr std::uint8_t kStatus = 0x20;
constexpr std::uint8_t kEvent = 0xb0;
constexpr std::uint8_t kAbsent = 0x00;
constexpr std::uint8_t kOverwritten = 0xff;

// Where things stand in a message.
constexpr std::size_t kSerialAt = 4;
constexpr std::size_t kIndexAt = 8;
constexpr std::size_t kTypeAt = 12;
constexpr std::size_t kGrantedAt = 13;
constexpr std::size_t kDoorAt = 14;
constexpr std::size_t kDirectionAt = 15;
constexpr std::size_t kCardAt = 16;
constexpr std::size_t kTimeAt = 20;
constexpr std::size_t kReasonAt = 27;

std::uint32_t number_at(ByteView bytes, std::size_t at) {
    return bytes[at] | std::uint32_t{bytes[at + 1]} << 8U | std::uint32_t{bytes[at + 2]} << 16U |
           std::uint32_t{bytes[at + 3]} << 24U;
}

void put_number(Message& message, std::size_t at, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i)
        message[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
}

/// Two decimal digits; over 99 when they are none, which no part of a time is.
unsigned digits_at(ByteView bytes, std::size_t at) {
    const unsigned high = bytes[at] >> 4U;
    const unsigned low = bytes[at] & 0x0FU;
    return high > 9 || low > 9 ? 255 : high * 10 + low;
}

/// Century, year, month, day, hour, minute, second.
std::optional<std::chrono::local_seconds> time_at(ByteView bytes, std::size_t at) {
    const unsigned century = digits_at(bytes, at);
    const unsigned year = digits_at(bytes, at + 1);
    if (century > 99 || year > 99) return std::nullopt;
    return to_local(
        static_cast<int>(century * 100 + year),
        digits_at(bytes, at + 2),
        digits_at(bytes, at + 3),
        digits_at(bytes, at + 4),
        digits_at(bytes, at + 5),
        digits_at(bytes, at + 6)
    );
}

}  // namespace

Message event_request(std::uint32_t serial, std::uint32_t index) {
    Message message{};
    message[0] = kStart;
    message[1] = kEvent;
    put_number(message, kSerialAt, serial);
    put_number(message, kIndexAt, index);
    return message;
}

std::optional<Record> read_event(ByteView bytes, std::uint32_t serial, std::uint32_t index) {
    const bool is_answer = bytes.size() == kMessageBytes && bytes[0] == kStart && bytes[1] == kEvent &&
                           number_at(bytes, kSerialAt) == serial;
    if (!is_answer) return std::nullopt;
    Record record{.index = number_at(bytes, kIndexAt), .type = bytes[kTypeAt]};
    const bool is_there = record.index != 0 && record.type != kAbsent && record.type != kOverwritten;
    if (!is_there) {
        if (record.index != 0 && record.index != index) return std::nullopt;
        record.state = record.type == kOverwritten ? RecordState::overwritten : RecordState::absent;
        record.index = index;
        return record;
    }
    if (index != kFirst && index != kNewest && record.index != index) return std::nullopt;
    record.state = RecordState::there;
    record.is_granted = bytes[kGrantedAt] == 1;
    record.door = bytes[kDoorAt];
    record.direction = bytes[kDirectionAt];
    record.card = number_at(bytes, kCardAt);
    record.time = time_at(bytes, kTimeAt);
    record.reason = bytes[kReasonAt];
    std::copy_n(bytes.begin(), record.bytes.size(), record.bytes.begin());
    return record;
}

std::optional<std::uint32_t> serial_of_push(ByteView bytes) {
    if (bytes.size() != kMessageBytes || (bytes[0] != kStart && bytes[0] != kOldStart) || bytes[1] != kStatus)
        return std::nullopt;
    return number_at(bytes, kSerialAt);
}

}  // namespace sluice::controllers::uhppote
