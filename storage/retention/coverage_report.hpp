#pragma once

#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

/// Promised against kept: what a camera's footage should be and is, each missing second with its cause.
namespace sluice::retention {

struct CoverageFacts {
    TimeRange asked;                 ///< already cut to now and to the camera's first moment
    std::vector<TimeRange> covered;  ///< in any order; may overlap
    std::vector<catalogue::GapRow> gaps;
    std::vector<TimeRange> destroyed;  ///< by a purge: not missing for want of recording
};

struct CoverageAccount {
    Microseconds promised{0};  ///< of the asked time, what the camera was not switched off on purpose
    Microseconds kept{0};
    Microseconds switched_off{0};
    std::map<GapCause, Microseconds> missing;  ///< each moment once, under the gap that began first
    Microseconds destroyed{0};
    Microseconds unexplained{0};  ///< no gap says why, or the gap says `unknown`
    friend bool operator==(const CoverageAccount&, const CoverageAccount&) = default;
};
/// promised = kept + all of missing + destroyed + unexplained. Pure. Holds play no part: what they keep
/// longer lies outside the asked time.
[[nodiscard]] CoverageAccount account_for(const CoverageFacts& facts, UtcTime now);

/// Missing time by its cause, "12 s camera_unreachable, 3 s shutdown"; empty: none.
[[nodiscard]] std::string describe_missing(const CoverageAccount& account);

/// What the report looks back on.
inline constexpr std::chrono::days kReportLength{30};

struct CameraAccount {
    std::string camera;  ///< slug
    std::string name;
    TimeRange asked;
    CoverageAccount account;
};
/// The main streams of all cameras that were in use in the days before `now`; one that is younger, or was
/// retired in them, answers for its own time.
[[nodiscard]] Result<std::vector<CameraAccount>>
load_coverage_report(catalogue::Pool& pool, std::chrono::days length, UtcTime now);
/// The same over any interval.
[[nodiscard]] Result<std::vector<CameraAccount>>
load_coverage_report(catalogue::Pool& pool, TimeRange asked, UtcTime now);
[[nodiscard]] std::string
to_json(std::span<const CameraAccount> report, std::chrono::days length, UtcTime now);

}  // namespace sluice::retention
