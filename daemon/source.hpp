#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/mp4/nal.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

namespace sluice::daemon {

/// One coded picture with everything that belongs to it, as the camera sent it.
struct AccessUnit {
    Codec codec = Codec::h264;
    /// In force for this picture. Shared by the source, which replaces it when a set changes, and the units
    /// in flight.
    std::shared_ptr<const mp4::ParameterSets> sets;
    Bytes bytes;  ///< NAL units with 4-byte lengths
    bool is_key = false;
    bool has_sets_in_band = false;  ///< a complete group of parameter sets stands in `bytes`
    std::int64_t pts = 0;           ///< 90 kHz, as sent; only differences modulo 2^32 have a meaning
    std::optional<std::int64_t>
        next_pts;              ///< of the following unit, when its first packet is what ended this one
    BootTime arrival;          ///< of the unit's first packet
    bool lost_before = false;  ///< packets or pictures between the unit before and this one are missing
};

/// What a source tells. Thread: all calls come on the thread that called Source::run.
class SourceSink {
public:
    virtual ~SourceSink() = default;
    virtual void on_connected() = 0;  ///< the session plays; no picture yet
    virtual void on_access_unit(AccessUnit&& unit) = 0;
    virtual void on_loss(std::uint64_t packets) = 0;
    virtual void on_camera_clock(std::int64_t offset_us) = 0;  ///< camera's NTP time minus our wall time
    /// At least every 100 ms, also while nothing comes. Must not block.
    virtual void on_idle() = 0;
};

/// A stream of a camera. run() connects, delivers until it fails or is told to stop, and leaves the camera in
/// order.
class Source {
public:
    virtual ~Source() = default;
    /// Always an error in the end: `cancelled` when told to stop, `retry` for what may pass, `operator_acts`
    /// for what will stay (wrong password, no such stream). The label is the gap's cause; the message holds
    /// no credential.
    [[nodiscard]] virtual Status run(SourceSink& sink, const std::stop_token& stop) = 0;
};

}  // namespace sluice::daemon
