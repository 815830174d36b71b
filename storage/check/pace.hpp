#pragma once

#include <chrono>
#include <cstdint>

/// How fast footage is read when nobody waits for it. Pure.
namespace sluice::check {

/// How long to wait so that `bytes` read since the start `elapsed` ago are no more than the pace allows; 0:
/// at once. A pace of 0 is none.
[[nodiscard]] constexpr std::chrono::microseconds wait_for_pace(
    std::uint64_t bytes,
    std::uint64_t bytes_per_second,
    std::chrono::microseconds elapsed
) noexcept {
    if (bytes_per_second == 0) return std::chrono::microseconds{0};
    // Whole seconds and rest apart, so that no number of bytes overflows.
    const std::uint64_t seconds = bytes / bytes_per_second;
    const std::uint64_t rest_us = bytes % bytes_per_second * 1000 / bytes_per_second * 1000;
    const std::chrono::microseconds due{static_cast<std::int64_t>(seconds * 1'000'000 + rest_us)};
    return due > elapsed ? due - elapsed : std::chrono::microseconds{0};
}

}  // namespace sluice::check
