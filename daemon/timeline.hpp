#pragma once

#include "config/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::daemon {

/// Media time of a run, without threads and without a clock. Ticks of 1/90 s·10⁻³ (90 kHz) since the run's
/// first unit. PTS is the camera's; DTS is made in decode order, strictly increasing. A jump of the camera's
/// clock is bridged with the time that passed here: no unit is lost and no run ends for it.
class Timeline {
public:
    struct Place {
        std::int64_t pts = 0;
        std::uint64_t dts = 0;
        bool has_jumped = false;  ///< the media time was moved to go on after a jump
    };

    /// `pts_as_sent` counts modulo 2^32: a wrap-around is no jump.
    [[nodiscard]] Place place(std::int64_t pts_as_sent, BootTime arrival);
    /// Where the following unit's DTS will be if it comes in order: the newest unit's end, before its
    /// successor is whole.
    [[nodiscard]] std::uint64_t predict_dts(std::int64_t next_pts_as_sent, BootTime arrival) const;

    /// Frames that may precede a picture in decode order and follow it in output order, as the SPS states it.
    /// Only grows.
    void expect_reorder(unsigned frames) noexcept;
    /// A duration up to `end` was written: the next DTS is not before it.
    void reserve_until(std::uint64_t end) noexcept;

    /// Usual distance of two units, in ticks: the median of the last ones; 1/25 s before anything is known.
    [[nodiscard]] std::uint64_t nominal_ticks() const;
    [[nodiscard]] std::uint64_t jumps() const noexcept { return jumps_; }
    /// Media seconds per second here, jumps left out; 1 for less than a second.
    [[nodiscard]] double media_rate() const noexcept;

private:
    [[nodiscard]] std::uint64_t next_dts(std::int64_t pts);
    void note_interval(std::uint64_t ticks);

    bool has_started_ = false;
    std::uint32_t last_sent_ = 0;
    std::int64_t last_pts_ = 0;  ///< of the unit before, in run ticks
    std::int64_t max_pts_ = 0;
    std::int64_t longest_back_ = 0;  ///< how far a unit's PTS lay behind an earlier one's
    BootTime first_arrival_;
    BootTime last_arrival_;
    std::uint64_t last_dts_ = 0;
    std::uint64_t earliest_dts_ = 0;  ///< the next one is not before it
    unsigned reorder_ = 0;
    std::vector<std::int64_t>
        recent_;  ///< PTS of the newest units in decode order: shows how far one goes back
    std::vector<std::int64_t> waiting_;  ///< PTS not yet used as a DTS, sorted
    std::array<std::uint64_t, 32> intervals_{};
    std::size_t interval_count_ = 0;
    std::uint64_t jumps_ = 0;
    std::int64_t jumped_ticks_ = 0;  ///< bridged, not counted by the camera
    Microseconds jumped_time_{0};
};

}  // namespace sluice::daemon
