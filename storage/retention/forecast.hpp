#pragma once

#include "config/base/time.hpp"
#include "config/policy/history.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

/// How long the disk lasts, and how big it has to be: pure functions.
namespace sluice::retention {

struct VolumeUse {
    std::vector<std::uint64_t>
        bytes_by_age;              ///< footage nobody holds, by its age in whole days; [0]: of the last 24 h
    std::uint64_t held_bytes = 0;  ///< footage that holds keep, of any age
    std::uint64_t free_bytes = 0;  ///< above the reserve
    std::uint64_t bytes_per_day = 0;  ///< measured; 0: nothing is being recorded
};

struct Forecast {
    /// How many days of footage fit beside what is held; nullopt: nothing comes.
    std::optional<double> days_held;
    /// Days from now on which the first footage below the floor would have to go; nullopt: never at this
    /// rate.
    std::optional<std::chrono::days> floor_at_risk_in;
};

/// For how long footage takes its room, whatever is wanted: its floor; or, where the policy destroys nothing
/// for room, as long as it is kept.
struct Staying {
    std::chrono::days coming{};              ///< of what is recorded from now on
    std::vector<std::chrono::days> present;  ///< of what is there, by its age in whole days; beyond: `coming`
    [[nodiscard]] std::chrono::days of(std::size_t age) const {
        return age < present.size() ? present[age] : coming;
    }
};
/// Article 12: footage that began under a longer floor keeps it. `ages`: days of footage that are there. Pre:
/// the history is not empty.
[[nodiscard]] Staying find_staying(const policy::History& history, std::size_t ages, UtcTime now);

/// What can be freed is footage that need not stay. The days to come are gone through one by one, until the
/// state is that of every later day.
[[nodiscard]] Forecast make_forecast(const VolumeUse& use, const Staying& staying);

/// Several volumes as one: recording goes to the next when one is full.
[[nodiscard]] VolumeUse together(const std::vector<VolumeUse>& volumes);

struct Demand {
    std::uint64_t cameras = 0;
    std::uint64_t bits_per_second = 0;  ///< of each camera
    std::uint64_t days = 0;
};
struct Size {
    std::uint64_t bytes = 0;
    std::uint64_t bytes_per_camera = 0;
};
/// How big a disk for `cameras` × `bits_per_second` × `days`. nullopt: more than 2^64 bytes.
[[nodiscard]] std::optional<Size> size_for(const Demand& demand);
/// What each camera may send so that `bytes` last: cameras and days > 0.
[[nodiscard]] std::uint64_t rate_for(std::uint64_t bytes, std::uint64_t cameras, std::uint64_t days);

}  // namespace sluice::retention
