#include "daemon/finished_row.hpp"

#include "storage/catalogue/finished_row.hpp"

namespace sluice::daemon {

catalogue::FinishedRow make_finished_row(const Uuid& volume_id, const segment::FinishedSegment& segment) {
    return catalogue::make_finished_row(
        segment.info, segment.format, segment.index, {volume_id, segment.path}, segment.range, segment.sha256
    );
}

}  // namespace sluice::daemon
