#pragma once

#include "storage/catalogue/rows.hpp"

#include <chrono>

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// Reads, in this order: id, stream_id, run_id, volume_id, sequence, state, path, to_us(from_at),
/// to_us(to_at), bytes, sha256, format_id, samples, key_samples, fragments, duration_runs, composition_runs,
/// sample_bytes, ticks, has_composition, is_damaged.
[[nodiscard]] SegmentRow to_segment(const pqxx::row& row);

/// An id's millisecond and its segment's start differ by a step of the host's clock at most: days are plenty.
inline constexpr std::chrono::hours kIdSlack{48};

}  // namespace sluice::catalogue::detail
