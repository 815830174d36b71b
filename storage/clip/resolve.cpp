#include "storage/clip/clip.hpp"
#include "storage/clip/detail/plan.hpp"

#include <algorithm>
#include <utility>

namespace sluice::clip {
namespace {

/// From the two ends to the clip.
Found<std::unique_ptr<Clip>> make_clip(
    catalogue::Pool& pool,
    Footage footage,
    const Request& request,
    const Candidates& candidates,
    const Formats& formats,
    const Edge& first,
    const Edge& last
) {
    const Found<void> sound = check_sound(candidates, first.row, last.row);
    if (!sound) return std::unexpected(sound.error());
    Found<Plan> plan = make_plan(footage, candidates, formats, first, last);
    if (!plan) return std::unexpected(plan.error());
    if (plan->parts.empty()) return std::unexpected(no_footage(pool, request, candidates.asked));

    Result<std::vector<catalogue::GapRow>> gaps = load_gaps(pool, request.stream_id, plan->range);
    if (!gaps) return std::unexpected(gaps.error());
    plan->gaps = std::move(*gaps);
    plan->damaged = list_damaged(candidates, first.row, last.row, plan->range);
    Result<std::unique_ptr<Clip>> clip = Mp4Clip::make(std::move(footage), std::move(*plan));
    if (!clip) return std::unexpected(clip.error());
    return std::move(*clip);
}

/// A row's whole index, and the sample in it; `is_end`: one behind the last.
Found<Edge> find_edge(
    Footage& footage,
    const Candidates& candidates,
    const Uuid& segment,
    std::uint32_t sample,
    bool is_end
) {
    const auto row = std::ranges::find(candidates.rows, segment, &catalogue::SegmentRow::id);
    const Error missing{Remedy::abandon_file, "a chosen sample is not there"};
    if (row == candidates.rows.end()) return std::unexpected(missing);
    Place place = place_of(*row);
    Result<mp4::SegmentIndex> index = footage.load_index(place);
    if (!index) return std::unexpected(index.error());
    const auto count = static_cast<std::uint32_t>(index->samples.size());
    const bool is_there =
        is_end ? sample > 0 && sample <= count : sample < count && index->samples[sample].is_key;
    if (!is_there) return std::unexpected(missing);
    const UtcTime wall =
        is_end ? candidates.asked.to : first_key_frame(trim(*index, sample, sample + 1))->wall;
    return Edge{static_cast<std::size_t>(row - candidates.rows.begin()), sample, wall, std::move(*index)};
}

Found<std::unique_ptr<Clip>>
find_exact(catalogue::Pool& pool, const VolumePaths& volumes, const ExactRange& range) {
    const Request request{
        .stream_id = range.stream_id, .from = range.range.from, .to = range.range.to, .run_id = range.run_id
    };
    Footage footage{pool, volumes, range.stream_id};
    const Found<Candidates> candidates = find_candidates(pool, footage, request);
    if (!candidates) return std::unexpected(candidates.error());
    const Found<Formats> formats = check_uniform(pool, *candidates);
    if (!formats) return std::unexpected(formats.error());
    const Found<Edge> first = find_edge(footage, *candidates, range.first_segment, range.first, false);
    if (!first) return std::unexpected(first.error());
    const Found<Edge> last = find_edge(footage, *candidates, range.end_segment, range.end, true);
    if (!last) return std::unexpected(last.error());
    return make_clip(pool, std::move(footage), request, *candidates, *formats, *first, *last);
}

Found<std::unique_ptr<Clip>>
find_clip(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request) {
    Footage footage{pool, volumes, request.stream_id};
    const Found<Candidates> candidates = find_candidates(pool, footage, request);
    if (!candidates) return std::unexpected(candidates.error());
    const Found<Formats> formats = check_uniform(pool, *candidates);
    if (!formats) return std::unexpected(formats.error());
    const Found<Edge> first = find_first(pool, footage, request, *candidates);
    if (!first) return std::unexpected(first.error());
    const Found<Edge> last = find_last(footage, *candidates, *first);
    if (!last) return std::unexpected(last.error());
    return make_clip(pool, std::move(footage), request, *candidates, *formats, *first, *last);
}

Result<Resolved> to_resolved(Found<std::unique_ptr<Clip>> clip) {
    if (clip) return Resolved{std::move(*clip)};
    if (auto* refusal = std::get_if<Refusal>(&clip.error())) return Resolved{std::move(*refusal)};
    return std::unexpected(std::get<Error>(clip.error()));
}

}  // namespace

Result<Resolved> resolve(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request) {
    if (request.to && *request.to <= request.from)
        return failure(Remedy::refuse, "the interval ends before it begins");
    return to_resolved(find_clip(pool, volumes, request));
}

Result<Resolved> resolve_exact(catalogue::Pool& pool, const VolumePaths& volumes, const ExactRange& range) {
    return to_resolved(find_exact(pool, volumes, range));
}

}  // namespace sluice::clip
