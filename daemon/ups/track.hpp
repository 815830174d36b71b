#pragma once

#include "config/base/time.hpp"
#include "config/base/words.hpp"

#include <optional>

namespace sluice::ups {

/// What has been said of one UPS so far.
struct Track {
    std::optional<PowerState> said{};  ///< nullopt: nothing yet
    BootTime heard{};                  ///< last good answer; at first the start
    bool is_on_battery = false;        ///< as last heard; a UPS that falls silent on battery stays there
};

/// Silence of so many rounds is no answer any more.
inline constexpr int kRoundsOfSilence = 3;

/// Takes the outcome of a round (nullopt: no good answer). The state when there is something new to say, else
/// nullopt. `unknown` is said only after `patience` without a good answer, so that one lost packet is no
/// news.
[[nodiscard]] constexpr std::optional<PowerState>
next(Track& track, std::optional<PowerState> found, BootTime now, Microseconds patience) noexcept {
    PowerState state = PowerState::unknown;
    if (found && *found != PowerState::unknown) {
        state = *found;
        track.heard = now;
        track.is_on_battery = state != PowerState::mains;
    } else if (now - track.heard < patience) {
        return std::nullopt;
    }
    if (track.said == state) return std::nullopt;
    track.said = state;
    return state;
}

}  // namespace sluice::ups
