#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::daemon {

/// How long to wait before the next attempt to connect.
enum class Patience {
    transient,   ///< unreachable, reset, stalled: 0.5 s, doubled each time, at most 30 s
    persistent,  ///< refused for a reason that stays (401, 403, 404): 30–60 s, so that no camera locks us out
};

/// `attempt` counts from 0 since the last success; `spread` in [0, 1) is drawn by the caller, so that forty
/// cameras behind one switch do not come back in the same instant. Never more than 60 s. Pure.
[[nodiscard]] constexpr std::chrono::milliseconds
reconnect_delay(Patience patience, unsigned attempt, double spread) noexcept {
    using std::chrono::milliseconds;
    if (patience == Patience::persistent)
        return milliseconds{30'000 + static_cast<std::int64_t>(spread * 30'000)};
    const std::int64_t step = std::min<std::int64_t>(500LL << std::min(attempt, 6U), 30'000);
    const std::int64_t half = step / 2;
    return milliseconds{half + static_cast<std::int64_t>(spread * static_cast<double>(half))};
}

}  // namespace sluice::daemon
