#pragma once

#include "config/base/time.hpp"

#include <array>
#include <cstdint>

namespace sluice::daemon {

/// Frames and bytes of the last ten whole seconds.
class RateMeter {
public:
    void add(BootTime at, std::uint64_t bytes) {
        Slot& slot = slot_of(second_of(at));
        ++slot.frames;
        slot.bytes += bytes;
        if (first_second_ == 0) first_second_ = second_of(at);
    }
    [[nodiscard]] double frames_per_second(BootTime now) const { return sum(now, &Slot::frames); }
    [[nodiscard]] double bits_per_second(BootTime now) const { return 8 * sum(now, &Slot::bytes); }

private:
    static constexpr std::int64_t kSeconds = 10;
    struct Slot {
        std::int64_t second = -1;
        std::uint64_t frames = 0;
        std::uint64_t bytes = 0;
    };
    static std::int64_t second_of(BootTime at) { return at.time_since_epoch() / std::chrono::seconds{1}; }
    Slot& slot_of(std::int64_t second) {
        Slot& slot = slots_.at(static_cast<std::size_t>(second) % slots_.size());
        if (slot.second != second) slot = Slot{second, 0, 0};
        return slot;
    }
    [[nodiscard]] double sum(BootTime now, std::uint64_t Slot::* what) const {
        const std::int64_t current = second_of(now);
        std::uint64_t total = 0;
        for (const Slot& slot : slots_)
            if (slot.second >= current - kSeconds && slot.second < current) total += slot.*what;
        // The first second was not a whole one: it counts neither above nor below.
        const std::int64_t seconds = std::min(kSeconds, current - first_second_);
        return seconds <= 0 ? 0 : static_cast<double>(total) / static_cast<double>(seconds);
    }

    std::array<Slot, kSeconds + 2> slots_{};
    std::int64_t first_second_ = 0;
};

}  // namespace sluice::daemon
