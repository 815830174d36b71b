#pragma once

#include "config/base/time.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <string>
#include <vector>

namespace sluice::api {

struct CoveredGap {
    TimeRange range;
    GapCause cause = GapCause::unknown;
    std::string detail;
    bool is_open = false;  ///< it still goes on; `range` ends now
    friend bool operator==(const CoveredGap&, const CoveredGap&) = default;
};

/// What was recorded of one stream in an interval.
struct StreamCoverage {
    std::vector<TimeRange> covered;  ///< disjoint, in order; runs that overlap or touch are one
    std::vector<CoveredGap> gaps;    ///< in order, inside the interval
    double percent = 0;              ///< of the part of the interval that has passed; 0 when none has
};

/// Unites, clamps and measures. Pure. `rows` and `gaps` are of one stream, in any order.
[[nodiscard]] StreamCoverage cover(
    const std::vector<TimeRange>& rows,
    const std::vector<catalogue::GapRow>& gaps,
    TimeRange interval,
    UtcTime now
);

}  // namespace sluice::api
