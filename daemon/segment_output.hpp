#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/mp4/types.hpp"
#include "storage/segment/writer.hpp"
#include "storage/volume/journal.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace sluice::daemon {

struct BeginSegment {
    mp4::SegmentInfo info;  ///< previous_sha256 is filled in by the writing side
    mp4::VideoFormat format;
    UtcTime from;
};
struct AppendFragment {
    segment::FragmentData fragment;
    UtcTime end;            ///< wall end of its last sample
    BootTime closed;        ///< write_lag counts from here
    std::size_t bytes = 0;  ///< reserved for it
};
struct FinishSegment {
    UtcTime to;
};

/// What became of a segment that could not be written on.
struct SegmentFailure {
    Uuid segment_id;
    UtcTime written_until;  ///< wall end of the last fragment that was written, or the segment's start
    GapCause cause = GapCause::unknown;
    std::string detail;
    TimeRange doubtful;  ///< what was written before and can't be trusted any more (I4); empty: it is kept
};

/// Where a pipeline hands its segments. Calls return at once: memory is what they take, never the disk's
/// time. Thread: the stream's.
class SegmentOutput {
public:
    virtual ~SegmentOutput() = default;
    /// Chooses where the next segment goes. The error's label is the gap's cause (disk_full, volume_missing).
    [[nodiscard]] virtual Status choose_volume() = 0;
    /// Room for `bytes` in the stream's ring; `after_overflow` asks for half of it to be free, so that what
    /// comes back comes back for more than a moment.
    [[nodiscard]] virtual bool reserve(std::size_t bytes, bool after_overflow) = 0;
    virtual void release(std::size_t bytes) = 0;
    virtual void begin(BeginSegment segment) = 0;
    virtual void append(AppendFragment fragment) = 0;
    virtual void finish(FinishSegment segment) = 0;
    virtual void journal(volume::JournalFact fact) = 0;
    /// A failure of the writing side since the last call.
    [[nodiscard]] virtual std::optional<SegmentFailure> take_failure() = 0;
};

}  // namespace sluice::daemon
