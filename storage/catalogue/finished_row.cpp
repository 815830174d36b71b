#include "storage/catalogue/finished_row.hpp"

#include "storage/mp4/index.hpp"

#include <utility>

namespace sluice::catalogue {

FinishedRow make_finished_row(
    const mp4::SegmentInfo& info,
    const mp4::VideoFormat& format,
    const mp4::SegmentIndex& index,
    FileLocation location,
    TimeRange range,
    const Sha256Digest& sha256
) {
    FinishedRow finished;
    SegmentRow& row = finished.row;
    row.id = info.segment_id;
    row.stream_id = info.stream_id;
    row.run_id = info.run_id;
    row.volume_id = location.volume_id;
    row.sequence = info.sequence;
    row.state = SegmentState::finished;
    row.path = std::move(location.path);
    row.range = range;
    row.bytes = index.end_bytes;
    row.sha256 = sha256;
    row.format_id = format_id(format);
    row.sums = mp4::sum_up(index);
    finished.format = format;
    finished.index = mp4::encode_index(index);
    return finished;
}

}  // namespace sluice::catalogue
