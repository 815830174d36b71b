#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// 16 bytes; new ones are UUIDv7 (RFC 9562 §5.7), so they sort by the millisecond they were made in.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] constexpr bool is_nil() const noexcept { return *this == Uuid{}; }
    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// Fresh random bits from the kernel on every call. Thread: any.
[[nodiscard]] Uuid make_uuid_v7(UtcTime now);
/// The millisecond that a UUIDv7 says it was made in; of any other id a time that means nothing.
[[nodiscard]] UtcTime made_at(const Uuid& id) noexcept;
/// "0192f1c0-…", lower case.
[[nodiscard]] std::string to_string(const Uuid& id);
/// The 36-character form, either case. Error: refuse.
[[nodiscard]] Result<Uuid> uuid_from_string(std::string_view text);

/// `count` bytes from the kernel's random source; for tokens and salts.
void fill_random(std::uint8_t* into, std::size_t count);

}  // namespace sluice

template <>
struct std::hash<sluice::Uuid> {
    std::size_t operator()(const sluice::Uuid& id) const noexcept {
        std::uint64_t tail = 0;  // the random half: well spread already
        for (std::size_t i = 8; i < 16; ++i)
            tail = tail << 8U | id.bytes[i];
        return static_cast<std::size_t>(tail);
    }
};
