#pragma once

#include "daemon/fragmenter.hpp"
#include "daemon/gap_tracker.hpp"
#include "daemon/run.hpp"
#include "daemon/segment_output.hpp"
#include "daemon/source.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::daemon {

/// Which stream this is, as its segments will say.
struct StreamIdentity {
    Uuid installation_id;
    Uuid recorder_id;
    Uuid camera_id;
    Uuid stream_id;
    std::string camera_slug;
    std::string camera_name;
    StreamKind kind = StreamKind::main;
    friend bool operator==(const StreamIdentity&, const StreamIdentity&) = default;
};

struct PipelineCounts {
    std::uint64_t frames = 0;  ///< recorded
    std::uint64_t bytes = 0;
    std::uint64_t frames_dropped = 0;   ///< given up because the disk was slow or away
    std::uint64_t frames_unusable = 0;  ///< before the first key frame, or without usable parameter sets
    std::uint64_t media_jumps = 0;
};

/// From access units to runs, segments, fragments and gaps of one stream. Thread: the stream's. No I/O, no
/// waiting: the disk is behind SegmentOutput.
class StreamPipeline {
public:
    StreamPipeline(
        StreamIdentity identity,
        std::chrono::seconds segment,
        const Clock& clock,
        SegmentOutput& output
    );

    /// Goes on with a gap that was open when the recorder last ended.
    void resume(volume::GapOpened gap) { gaps_.resume(std::move(gap)); }

    void on_access_unit(AccessUnit&& unit);
    /// At least every 100 ms, whether something comes or not.
    void on_tick();
    /// Connecting failed or the session ended: the run is over, what follows is a gap with this cause.
    void on_trouble(GapCause cause, const std::string& detail);
    /// Ends the run, if there is one, and opens the gap that lasts until somebody records this stream again;
    /// a stream that never had footage or known trouble has none.
    void stop(GapCause cause) {
        if (run_ || gaps_.state() != GapTracker::State::fresh) on_trouble(cause, {});
    }

    [[nodiscard]] const PipelineCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] GapTracker::State coverage() const noexcept { return gaps_.state(); }
    [[nodiscard]] std::optional<volume::GapOpened> open_gap() const;
    [[nodiscard]] std::optional<GapCause> gap_cause() const;
    [[nodiscard]] std::optional<Uuid> run_id() const;
    [[nodiscard]] std::optional<Uuid> segment_id() const;

private:
    [[nodiscard]] volume::RunStarted run_started() const;
    [[nodiscard]] Microseconds wall_offset() const;
    [[nodiscard]] UtcTime wall_of(BootTime at) const;
    [[nodiscard]] UtcTime footage_end() const;
    [[nodiscard]] bool is_due(UtcTime from, UtcTime now) const;
    [[nodiscard]] bool admit(const AccessUnit& unit);
    [[nodiscard]] bool prepare_key_unit(const AccessUnit& unit);
    [[nodiscard]] bool begin_run(const AccessUnit& unit, mp4::VideoFormat format);
    [[nodiscard]] bool begin_segment(const AccessUnit& unit, mp4::VideoFormat format);
    void end_segment(UtcTime to);
    void end_run(GapCause cause);
    void note_holes(const AccessUnit& unit);
    void store(AccessUnit&& unit);
    void send(std::optional<ClosedFragment> fragment);
    void take_failure();
    void look_at_clock(BootTime now);
    void look_at_clock_in_gap(BootTime now);
    void look_for_stall(BootTime now);
    void restate(UtcTime now);
    void record(GapTracker::Facts facts);

    StreamIdentity identity_;
    Microseconds segment_;
    Microseconds phase_;
    const Clock& clock_;
    SegmentOutput& output_;
    GapTracker gaps_;
    Fragmenter fragmenter_;
    PipelineCounts counts_;
    std::optional<Run> run_;
    std::optional<CurrentSegment> current_;
    bool is_overflowing_ = false;  ///< the ring was full: everything up to a key frame is given up
    bool is_run_ending_ = false;   ///< the host's clock was set: the next key frame begins a new run
    BootTime clock_looked_;
    std::optional<Microseconds> idle_offset_;  ///< wall minus boot time at the last look without a run
    UtcTime gap_stated_;
};

}  // namespace sluice::daemon
