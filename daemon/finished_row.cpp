#include "daemon/finished_row.hpp"

#include "storage/mp4/index.hpp"

namespace sluice::daemon {

catalogue::FinishedRow make_finished_row(const Uuid& volume_id, const segment::FinishedSegment& segment) {
    catalogue::FinishedRow finished;
    catalogue::SegmentRow& row = finished.row;
    row.id = segment.info.segment_id;
    row.stream_id = segment.info.stream_id;
    row.run_id = segment.info.run_id;
    row.volume_id = volume_id;
    row.sequence = segment.info.sequence;
    row.state = catalogue::SegmentState::finished;
    row.path = segment.path;
    row.range = segment.range;
    row.bytes = segment.index.end_bytes;
    row.sha256 = segment.sha256;
    row.format_id = catalogue::format_id(segment.format);
    row.sums = mp4::sum_up(segment.index);
    finished.format = segment.format;
    finished.index = mp4::encode_index(segment.index);
    return finished;
}

}  // namespace sluice::daemon
