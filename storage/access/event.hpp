#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What happens at the doors: events, the schedule they are judged by, and what follows from them. Pure.
namespace sluice::access {

enum class Direction { unknown, in, out };
[[nodiscard]] std::string_view to_string(Direction direction) noexcept;
[[nodiscard]] std::optional<Direction> direction_from(std::string_view word) noexcept;

/// A card without its number: nobody can turn it back, and the same card is the same value.
struct Card {
    Sha256Digest hmac{};
    std::string last_four;  ///< the number's last letters, at most four
    friend bool operator==(const Card&, const Card&) = default;
};

/// Where footage of the event is. A pointer, never a grant: who opens it is asked as for any footage.
struct ClipPointer {
    std::string camera;  ///< slug
    TimeRange range;
    friend bool operator==(const ClipPointer&, const ClipPointer&) = default;
};

/// One event as it is kept. `source` and `id` name it: the same pair is the same event.
struct Event {
    std::string source;
    std::string id;
    std::string code = "access.unknown";   ///< see is_code
    std::optional<UtcTime> device_time{};  ///< by the sender's clock
    UtcTime received;
    std::string door;    ///< slug; empty: not known
    std::string reader;  ///< the sender's name for it, or empty
    Direction direction = Direction::unknown;
    std::optional<Card> card{};
    std::string person_category;
    std::string unit;                      ///< of the person, as the sender names it
    std::optional<std::uint64_t> index{};  ///< running number of the controller
    std::optional<ClipPointer> clip{};
    std::string data = "{}";  ///< a JSON object: what the sender said besides, without card numbers
    friend bool operator==(const Event&, const Event&) = default;
};

constexpr std::size_t kLongestName = 200;     ///< of source, id, door, reader, category and unit, in bytes
constexpr std::size_t kMostDataBytes = 8192;  ///< of `data`

/// One of the codes that this program knows: "access.granted", "door.opened", "recorder.login", …
[[nodiscard]] bool is_code(std::string_view code) noexcept;
[[nodiscard]] std::span<const std::string_view> all_codes() noexcept;
/// "door" of "door.opened".
[[nodiscard]] std::string_view category_of(std::string_view code) noexcept;

/// When it counts: the device's time, unless that is over a day ahead of the receipt or a year behind it.
/// Such a clock is not one, and the receipt is the best that is known.
[[nodiscard]] UtcTime time_of(const Event& event) noexcept;
[[nodiscard]] bool is_time_plausible(UtcTime device_time, UtcTime received) noexcept;

/// The same for every event of this source and id.
[[nodiscard]] Uuid id_of(std::string_view source, std::string_view id);
/// Of all that the event says, the receipt left out: tells a repetition from another event under the same id.
[[nodiscard]] Sha256Digest digest_of(const Event& event);

}  // namespace sluice::access
