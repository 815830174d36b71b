#include "api/coverage/coverage_json.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

/// What was destroyed by rule is no gap: nobody failed to record it.
json destroyed_json(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval) {
    json list = json::array();
    for (const catalogue::DestroyedRow& row : destroyed) {
        const TimeRange inside = row.range.clamp(interval);
        if (inside.is_empty()) continue;
        list.push_back(
            {{"from", to_rfc3339(inside.from)},
             {"to", to_rfc3339(inside.to)},
             {"rule", row.rule},
             {"certificate", to_string(row.run_id)}}
        );
    }
    return list;
}

}  // namespace

json coverage_json(
    const StreamCoverage& coverage,
    const std::vector<catalogue::DestroyedRow>& destroyed,
    TimeRange interval
) {
    json covered = json::array();
    for (const TimeRange& range : coverage.covered)
        covered.push_back({{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}});
    json gaps = json::array();
    for (const CoveredGap& gap : coverage.gaps)
        gaps.push_back(
            {{"from", to_rfc3339(gap.range.from)},
             {"to", to_rfc3339(gap.range.to)},
             {"cause", to_string(gap.cause)},
             {"detail", gap.detail},
             {"open", gap.is_open}}
        );
    return {
        {"covered", std::move(covered)},
        {"gaps", std::move(gaps)},
        {"percent", coverage.percent},
        {"destroyed", destroyed_json(destroyed, interval)},
    };
}

}  // namespace sluice::api
