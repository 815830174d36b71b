#include "storage/catalogue/coverage.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::catalogue {

namespace {

/// Disjoint and by time, for each stream.
using Times = std::map<Uuid, std::vector<TimeRange>>;

void make_disjoint(Times& times) {
    for (auto& [stream, ranges] : times) {
        std::ranges::sort(ranges, {}, &TimeRange::from);
        std::vector<TimeRange> disjoint;
        for (const TimeRange& range : ranges) {
            if (range.is_empty()) continue;
            if (disjoint.empty() || disjoint.back().to < range.from)
                disjoint.push_back(range);
            else
                disjoint.back().to = std::max(disjoint.back().to, range.to);
        }
        ranges = std::move(disjoint);
    }
}

/// What is left of `whole` without `holes`, which are disjoint and by time.
std::vector<TimeRange> subtract(TimeRange whole, const std::vector<TimeRange>& holes) {
    std::vector<TimeRange> left;
    auto hole = std::ranges::upper_bound(holes, whole.from, {}, &TimeRange::to);
    for (; hole != holes.end() && hole->from < whole.to; ++hole) {
        if (whole.from < hole->from) left.push_back({whole.from, hole->from});
        whole.from = std::max(whole.from, hole->to);
    }
    if (!whole.is_empty()) left.push_back(whole);
    return left;
}

const std::vector<TimeRange>& of_stream(const Times& times, const Uuid& stream) {
    static const std::vector<TimeRange> kNone;
    const auto found = times.find(stream);
    return found == times.end() ? kNone : found->second;
}

bool is_of_a_disk(const GapRow& gap) {
    return gap.cause == GapCause::disk_full || gap.cause == GapCause::volume_missing;
}

}  // namespace

std::vector<CoverageRow> unite_pieces(std::vector<CoverageRow> pieces) {
    std::ranges::sort(pieces, {}, [](const CoverageRow& piece) {
        return std::tuple{piece.stream_id, piece.run_id, piece.range.from};
    });
    std::vector<CoverageRow> stretches;
    for (const CoverageRow& piece : pieces) {
        const bool goes_on = !stretches.empty() && stretches.back().stream_id == piece.stream_id &&
                             stretches.back().run_id == piece.run_id &&
                             piece.range.from <= stretches.back().range.to + kCoverageTolerance;
        if (goes_on)
            stretches.back().range.to = std::max(stretches.back().range.to, piece.range.to);
        else
            stretches.push_back(piece);
    }
    return stretches;
}

std::vector<GapRow>
relieve_gaps(const std::vector<GapRow>& gaps, const std::vector<CoverageRow>& copies, TimeRange range) {
    if (copies.empty()) return gaps;
    Times copied;
    for (const CoverageRow& copy : copies)
        copied[copy.stream_id].push_back(copy.range);
    make_disjoint(copied);
    std::vector<GapRow> left;
    for (const GapRow& gap : gaps) {
        if (!is_of_a_disk(gap)) {
            left.push_back(gap);
            continue;
        }
        const TimeRange whole{gap.from, gap.to.value_or(UtcTime::max())};
        for (const TimeRange& rest : subtract(whole, of_stream(copied, gap.stream_id))) {
            if (!rest.overlaps(range)) continue;
            GapRow& piece = left.emplace_back(gap);
            piece.from = rest.from;
            if (rest.to != UtcTime::max()) piece.to = rest.to;
        }
    }
    return left;
}

std::vector<CoverageRow>
cut_gaps(const std::vector<CoverageRow>& stretches, const std::vector<GapRow>& gaps, TimeRange range) {
    Times missing;
    for (const GapRow& gap : gaps)
        if (gap.to) missing[gap.stream_id].push_back({gap.from, *gap.to});
    make_disjoint(missing);
    std::vector<CoverageRow> covered;
    for (const CoverageRow& stretch : stretches)
        for (const TimeRange& piece : subtract(stretch.range, of_stream(missing, stretch.stream_id)))
            if (piece.overlaps(range)) covered.push_back({stretch.stream_id, stretch.run_id, piece});
    std::ranges::sort(covered, {}, [](const CoverageRow& row) {
        return std::tuple{row.stream_id, row.range.from, row.run_id};
    });
    return covered;
}

}  // namespace sluice::catalogue
