#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/rows.hpp"

#include <vector>

/// From what the catalogue holds to what an answer says: pure functions over its rows, each in O(n log n).
namespace sluice::catalogue {

/// A stretch of footage without interruption by a gap: consecutive segments of one run.
struct CoverageRow {
    Uuid stream_id;
    Uuid run_id;
    TimeRange range;
    friend bool operator==(const CoverageRow&, const CoverageRow&) = default;
};

/// So far apart two pieces of a run may be and are one stretch; the database's coverage_tolerance().
inline constexpr Microseconds kCoverageTolerance{500'000};

/// Pieces of each run as stretches, by stream and run, then time.
[[nodiscard]] std::vector<CoverageRow> unite_pieces(std::vector<CoverageRow> pieces);

/// What the disk seemed to have taken (causes disk_full and volume_missing), less what was copied out of
/// suspect files: a gap may fall into several with its id, or vanish. Other gaps stay: a copy holds no
/// picture that never came. In the order of the gaps.
[[nodiscard]] std::vector<GapRow>
relieve_gaps(const std::vector<GapRow>& gaps, const std::vector<CoverageRow>& copies, TimeRange range);

/// Stretches less the closed gaps of their streams, those that meet `range`; by stream, time and run. An open
/// gap cuts nothing: footage that came after it says that it is over, even if the journal's line is not read
/// yet.
[[nodiscard]] std::vector<CoverageRow>
cut_gaps(const std::vector<CoverageRow>& stretches, const std::vector<GapRow>& gaps, TimeRange range);

}  // namespace sluice::catalogue
