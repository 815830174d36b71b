#pragma once

#include "config/base/time.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::daemon {

/// The largest value of the last minute, in steps of a second.
class WindowedMax {
public:
    void add(BootTime now, std::int64_t value) {
        Slot& slot = slots_.at(static_cast<std::size_t>(second_of(now)) % slots_.size());
        if (slot.second != second_of(now)) slot = {second_of(now), value};
        slot.value = std::max(slot.value, value);
    }
    /// `seconds`: how many of the last ones count, this one included; a minute at most.
    [[nodiscard]] std::int64_t get(BootTime now, std::int64_t seconds = 60) const {
        std::int64_t largest = 0;
        for (const Slot& slot : slots_)
            if (second_of(now) - slot.second < seconds) largest = std::max(largest, slot.value);
        return largest;
    }

private:
    struct Slot {
        std::int64_t second = -3600;
        std::int64_t value = 0;
    };
    static std::int64_t second_of(BootTime at) { return at.time_since_epoch() / std::chrono::seconds{1}; }

    std::array<Slot, 60> slots_{};
};

}  // namespace sluice::daemon
