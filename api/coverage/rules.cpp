#include "api/coverage/rules.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

std::vector<TimeRange> unite(std::vector<TimeRange> ranges) {
    std::ranges::sort(ranges, {}, &TimeRange::from);
    std::vector<TimeRange> out;
    for (const TimeRange& range : ranges) {
        if (out.empty() || out.back().to < range.from)
            out.push_back(range);
        else
            out.back().to = std::max(out.back().to, range.to);
    }
    return out;
}

double share(const std::vector<TimeRange>& covered, TimeRange interval, UtcTime now) {
    const TimeRange passed = interval.clamp({interval.from, std::max(interval.from, now)});
    if (passed.is_empty()) return 0;
    Microseconds sum{0};
    for (const TimeRange& range : covered)
        sum += range.clamp(passed).length();
    return 100.0 * static_cast<double>(sum.count()) / static_cast<double>(passed.length().count());
}

}  // namespace

StreamCoverage cover(
    const std::vector<TimeRange>& rows,
    const std::vector<catalogue::GapRow>& gaps,
    TimeRange interval,
    UtcTime now
) {
    StreamCoverage out;
    for (const TimeRange& row : rows) {
        const TimeRange inside = row.clamp(interval);
        if (!inside.is_empty()) out.covered.push_back(inside);
    }
    out.covered = unite(std::move(out.covered));
    for (const catalogue::GapRow& gap : gaps) {
        const TimeRange inside =
            TimeRange{gap.from, gap.to.value_or(std::max(gap.from, now))}.clamp(interval);
        if (!inside.is_empty()) out.gaps.push_back({inside, gap.cause, gap.detail, !gap.to.has_value()});
    }
    std::ranges::sort(out.gaps, {}, [](const CoveredGap& gap) { return gap.range.from; });
    out.percent = share(out.covered, interval, now);
    return out;
}

}  // namespace sluice::api
