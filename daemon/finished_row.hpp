#pragma once

#include "storage/catalogue/recorder_repository.hpp"
#include "storage/segment/writer.hpp"

namespace sluice::daemon {

/// The catalogue's row of a finished file, with its encoded index.
[[nodiscard]] catalogue::FinishedRow
make_finished_row(const Uuid& volume_id, const segment::FinishedSegment& segment);

}  // namespace sluice::daemon
