#pragma once

#include "storage/catalogue/recorder_repository.hpp"
#include "storage/segment/writer.hpp"

#include <filesystem>
#include <vector>

namespace sluice::daemon {

/// What the volume threads tell the catalogue's side. Calls return at once and never fail: recording waits
/// for no database (I13). Thread: any.
class SegmentNews {
public:
    virtual ~SegmentNews() = default;
    /// A file of this process exists from now on: it is no orphan.
    virtual void on_begun(const Uuid& segment_id) = 0;
    /// It was closed and left as it is, because its volume went or failed: from now on it is an orphan.
    virtual void on_left(const Uuid& segment_id) = 0;
    /// After syncs: how far the open segments are durable.
    virtual void on_durable(std::vector<catalogue::OpenSegment> segments) = 0;
    /// Whole, durable and under its final name.
    virtual void on_finished(const Uuid& volume_id, segment::FinishedSegment segment) = 0;
    virtual void on_suspect(const Uuid& segment_id, const std::filesystem::path& path) = 0;
    virtual void on_journal() = 0;  ///< new lines are there to be read
};

}  // namespace sluice::daemon
