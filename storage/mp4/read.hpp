#pragma once

#include "storage/mp4/types.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::mp4 {

/// A segment file as it is found: finished, still written, or cut by a crash.
struct SegmentFile {
    SegmentInfo info;
    VideoFormat format;
    SegmentIndex index;            ///< whole fragments only
    std::uint64_t tail_bytes = 0;  ///< bytes after the last whole fragment (a fragment half written)
};

/// Reads heads and boxes, never the samples. Only the first `limit_bytes` of the file are looked at
/// (durable_bytes of an open segment; UINT64_MAX for all). Bounded: a file of lies gives an error or a
/// shorter index, never a crash. Error: abandon_file when there is no readable head; operator_acts when the
/// file can't be read.
[[nodiscard]] Result<SegmentFile> read_segment(int fd, std::uint64_t limit_bytes);

/// Adds the whole fragments that the file has behind `index.end_bytes`: one that is still written grows. The
/// result is what read_segment would find now, at the price of the new fragments alone. How many were added.
/// Error: operator_acts when the file can't be read.
[[nodiscard]] Result<std::size_t> extend_index(int fd, SegmentIndex& index);

}  // namespace sluice::mp4
