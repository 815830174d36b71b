#pragma once

#include "storage/mp4/types.hpp"

#include <cstdint>

namespace sluice::segment::detail {

/// After a power cut a file system may give a file its full length while blocks of the last, never synced,
/// writes are holes: boxes look whole and samples are zeros. Walks the fragments of the newest minute (older
/// ones were synced) and gives the first whose samples are not what a writer of ours puts there; the fragment
/// count when all are sound. A sample is unsound when its 4-byte lengths do not add up or when a page of it
/// is all zeros (no NAL unit holds three zero bytes in a row: ITU-T H.264 §7.4.1, H.265 §7.4.2). Error:
/// operator_acts, when the file can't be read.
[[nodiscard]] Result<std::size_t> find_hollow_fragment(int fd, const mp4::SegmentIndex& index);

/// The same over all fragments: of a file whose sync failed no part was surely written.
[[nodiscard]] Result<std::size_t> find_any_hollow_fragment(int fd, const mp4::SegmentIndex& index);

/// Drops the fragments from `count` on; the index then ends where the first of them began.
void keep_fragments(mp4::SegmentIndex& index, std::size_t count);

}  // namespace sluice::segment::detail
