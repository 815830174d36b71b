#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace sluice::test {

/// Asks `holds` every `pause` until it says true or `limit` is over. The only place where a test may wait for
/// time to pass.
template <class Condition>
[[nodiscard]] bool eventually(
    std::chrono::milliseconds limit,
    Condition&& holds,
    std::chrono::milliseconds pause = std::chrono::milliseconds{10}
) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (true) {
        if (holds()) return true;
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(pause);
    }
}

/// As `eventually` for something that may be found: the optional (or pointer, or expected) that is true
/// first, else the last one asked for.
template <class Find>
[[nodiscard]] auto eventually_find(
    std::chrono::milliseconds limit,
    Find&& find,
    std::chrono::milliseconds pause = std::chrono::milliseconds{10}
) {
    auto found = find();
    const bool in_time = eventually(
        limit,
        [&] {
            if (!found) found = find();
            return static_cast<bool>(found);
        },
        pause
    );
    static_cast<void>(in_time);
    return found;
}

}  // namespace sluice::test
