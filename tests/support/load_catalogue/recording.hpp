#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/mp4/index.hpp"
#include "storage/mp4/types.hpp"
#include "tests/support/load_catalogue/options.hpp"

#include <chrono>
#include <cstdint>

namespace sluice::load {

/// One segment that stands for all rows: their bytes are its bytes, their indexes its index moved in time.
struct Recording {
    mp4::VideoFormat format;
    mp4::SegmentIndex index;
    mp4::IndexSums sums;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};  ///< all zero when there is no file

    /// How long a row lasts: the media, to the second. A day holds as many rows as fit, less one.
    [[nodiscard]] std::chrono::seconds length() const noexcept;
    [[nodiscard]] int rows_a_day() const noexcept;
    /// Ticks between the first samples of two neighbours in a run, as the camera's clock counts.
    [[nodiscard]] std::uint64_t ticks() const noexcept { return sums.ticks; }
};

/// The file of --link-file, or the index of --index, or a minute of 1500 samples that was never recorded.
/// Error: operator_acts, abandon_file.
[[nodiscard]] Result<Recording> read_recording(const Options& options);

/// The same segment as if its first sample had arrived at `from` and stood at `decode_time` in its run.
/// Places in the file and distances in time stay. Pre: it has a fragment.
[[nodiscard]] mp4::SegmentIndex
move_in_time(const mp4::SegmentIndex& index, UtcTime from, std::uint64_t decode_time);

}  // namespace sluice::load
