#include "storage/clip/detail/select.hpp"

#include <algorithm>

namespace sluice::clip {
namespace {

using catalogue::SegmentRow;

Result<mp4::SegmentIndex> load_row(Footage& footage, const SegmentRow& row) {
    Place place = place_of(row);
    return footage.load_index(place);
}

/// The row that holds `at`, else the first one behind it; rows.size(): none.
std::size_t find_row(const std::vector<SegmentRow>& rows, UtcTime at) {
    const auto behind =
        std::ranges::upper_bound(rows, at, {}, [](const SegmentRow& row) { return row.range.from; });
    const auto number = static_cast<std::size_t>(behind - rows.begin());
    return number > 0 && rows[number - 1].range.contains(at) ? number - 1 : number;
}

bool follows_in_run(const std::vector<SegmentRow>& rows, std::size_t number) {
    return number > 0 && rows[number - 1].run_id == rows[number].run_id;
}

/// find_end in a row. What lies at its very beginning is judged by the end of the run's segment before it as
/// well.
Result<std::uint32_t> end_in_row(
    Footage& footage,
    const Candidates& candidates,
    std::size_t number,
    const mp4::SegmentIndex& index
) {
    std::optional<UtcTime> previous_end;
    const std::vector<SegmentRow>& rows = candidates.rows;
    if (follows_in_run(rows, number) && candidates.asked.to - rows[number].range.from < kLookback) {
        const Result<mp4::SegmentIndex> previous = load_row(footage, rows[number - 1]);
        if (!previous) return std::unexpected(previous.error());
        previous_end = nominal_end(*previous);
    }
    return find_end(index, candidates.asked.to, previous_end);
}

}  // namespace

Found<Edge>
find_first(catalogue::Pool& pool, Footage& footage, const Request& request, const Candidates& candidates) {
    const UtcTime from = candidates.asked.from;
    const std::vector<SegmentRow>& rows = candidates.rows;
    const std::size_t number = find_row(rows, from);
    if (number == rows.size()) return std::unexpected(no_footage(pool, request, candidates.asked));
    Result<mp4::SegmentIndex> index = load_row(footage, rows[number]);
    if (!index) return std::unexpected(index.error());
    std::optional<KeyFrame> key = find_key_frame(*index, from);
    if (!key && rows[number].range.contains(from) && follows_in_run(rows, number)) {
        // Shown before `from`, yet the row's first key frame is shown after it: B-frames.
        Result<mp4::SegmentIndex> previous = load_row(footage, rows[number - 1]);
        if (!previous) return std::unexpected(previous.error());
        if (const auto earlier = find_key_frame(*previous, from)) {
            return Edge{number - 1, earlier->sample, earlier->wall, std::move(*previous)};
        }
    }
    if (!key) key = first_key_frame(*index);
    if (!key || candidates.asked.to <= key->wall) {
        return std::unexpected(no_footage(pool, request, candidates.asked));
    }
    return Edge{number, key->sample, key->wall, std::move(*index)};
}

Found<Edge> find_last(Footage& footage, const Candidates& candidates, const Edge& first) {
    const UtcTime to = candidates.asked.to;
    const std::vector<SegmentRow>& rows = candidates.rows;
    const auto behind =
        std::ranges::lower_bound(rows, to, {}, [](const SegmentRow& row) { return row.range.from; });
    std::size_t number = static_cast<std::size_t>(behind - rows.begin()) - 1;
    // Frames at the end of a segment may be shown after the first ones of the next.
    while (number > first.row && follows_in_run(rows, number) && to - rows[number].range.from < kLookback)
        --number;
    for (; number < rows.size(); ++number) {
        Result<mp4::SegmentIndex> index = load_row(footage, rows[number]);
        if (!index) return std::unexpected(index.error());
        const Result<std::uint32_t> end = end_in_row(footage, candidates, number, *index);
        if (!end) return std::unexpected(end.error());
        const auto samples = static_cast<std::uint32_t>(index->samples.size());
        const bool has_next = number + 1 < rows.size() && rows[number + 1].range.from < to;
        if (*end == samples && has_next) continue;
        if (*end > 0 || number <= first.row) return Edge{number, *end, to, std::move(*index)};
        Result<mp4::SegmentIndex> previous = load_row(footage, rows[number - 1]);
        if (!previous) return std::unexpected(previous.error());
        const auto all = static_cast<std::uint32_t>(previous->samples.size());
        return Edge{number - 1, all, to, std::move(*previous)};
    }
    return std::unexpected(Error{Remedy::abandon_file, "the rows of a clip end before it"});
}

}  // namespace sluice::clip
