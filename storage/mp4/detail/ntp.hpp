#pragma once

#include "config/base/time.hpp"

#include <cstdint>

/// 64-bit NTP time (RFC 5905 §6): seconds since 1900 and a binary fraction of 32 bits. A microsecond is 4295
/// steps of the fraction, so rounding to the nearest step and back is exact.
namespace sluice::mp4::detail {

inline constexpr std::int64_t kNtpToUnixSeconds = 2'208'988'800;
inline constexpr std::int64_t kMicrosecondsInSecond = 1'000'000;

/// Total; the era is cut off, so it comes back right from 1968-01-20 until 2104-02-26.
[[nodiscard]] constexpr std::uint64_t to_ntp(UtcTime time) noexcept {
    const std::int64_t us = to_epoch_us(time);
    std::int64_t seconds = us / kMicrosecondsInSecond;
    std::int64_t rest = us % kMicrosecondsInSecond;
    if (rest < 0) {
        rest += kMicrosecondsInSecond;
        --seconds;
    }
    const auto whole = static_cast<std::uint64_t>(seconds + kNtpToUnixSeconds) & 0xFFFF'FFFFU;
    const auto fraction =
        ((static_cast<std::uint64_t>(rest) << 32U) + kMicrosecondsInSecond / 2) / kMicrosecondsInSecond;
    return whole << 32U | fraction;
}

/// Total. Seconds without the top bit belong to the era that begins on 2036-02-07.
[[nodiscard]] constexpr UtcTime from_ntp(std::uint64_t ntp) noexcept {
    std::int64_t seconds = static_cast<std::int64_t>(ntp >> 32U);
    if (seconds < 0x8000'0000LL) seconds += 0x1'0000'0000LL;
    const std::uint64_t fraction = ntp & 0xFFFF'FFFFU;
    const auto rest = static_cast<std::int64_t>((fraction * kMicrosecondsInSecond + 0x8000'0000U) >> 32U);
    return from_epoch_us((seconds - kNtpToUnixSeconds) * kMicrosecondsInSecond + rest);
}

}  // namespace sluice::mp4::detail
