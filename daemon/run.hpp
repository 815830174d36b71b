#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "daemon/timeline.hpp"
#include "storage/mp4/nal.hpp"

#include <cstdint>
#include <optional>

namespace sluice::daemon {

/// A stretch of footage with one timeline: from a key frame until the session, the picture's size or the
/// host's clock changes.
struct Run {
    Uuid id;
    Microseconds offset{0};  ///< wall time minus boot time, fixed for the run's life (I14)
    UtcTime started;         ///< wall time of tick 0
    std::optional<bool> clock_synchronised;
    std::uint32_t next_sequence = 0;
    std::uint64_t frames = 0;
    BootTime first_arrival;
    BootTime last_arrival;
    UtcTime stated;  ///< when the journal last said that it goes on
    mp4::VideoFormat format;
    Timeline timeline;
    std::optional<mp4::GapBefore> gap_before;

    [[nodiscard]] UtcTime wall(BootTime at) const { return UtcTime{at.time_since_epoch() + offset}; }
};

/// The segment that is being written.
struct CurrentSegment {
    Uuid id;
    UtcTime from;
    mp4::ParameterSets sets;
};

}  // namespace sluice::daemon
