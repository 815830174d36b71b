#pragma once

#include <algorithm>
#include <chrono>

/// When a program that died is started again. Pure.
namespace sluice::up {

inline constexpr std::chrono::milliseconds kFirstDelay{500};
inline constexpr std::chrono::milliseconds kLongestDelay{30'000};
inline constexpr std::chrono::seconds kHealthyAfter{60};  ///< who ran this long has a clean sheet

/// Failures in a row, the one just seen included, after a program ran for `uptime`.
[[nodiscard]] constexpr unsigned
failures_in_row(unsigned before, std::chrono::steady_clock::duration uptime) noexcept {
    return uptime >= kHealthyAfter ? 1 : before + 1;
}

/// Half a second, doubled with each failure in a row, 30 s at most.
[[nodiscard]] constexpr std::chrono::milliseconds restart_delay(unsigned failures) noexcept {
    auto delay = kFirstDelay;
    for (unsigned i = 1; i < failures && delay < kLongestDelay; ++i)
        delay *= 2;
    return std::min(delay, kLongestDelay);
}

}  // namespace sluice::up
