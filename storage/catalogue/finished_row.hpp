#pragma once

#include "storage/catalogue/recorder_repository.hpp"

#include <filesystem>

namespace sluice::catalogue {

struct FileLocation {
    Uuid volume_id;
    std::filesystem::path path;  ///< relative to the volume
};

/// The row of a whole file under its final name, from what the file says of itself. Pure.
[[nodiscard]] FinishedRow make_finished_row(
    const mp4::SegmentInfo& info,
    const mp4::VideoFormat& format,
    const mp4::SegmentIndex& index,
    FileLocation location,
    TimeRange range,
    const Sha256Digest& sha256
);

}  // namespace sluice::catalogue
