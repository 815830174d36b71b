#include "storage/clip/clip.hpp"
#include "storage/clip/detail/plan.hpp"

#include <utility>

namespace sluice::clip {
namespace {

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
    const Found<void> sound = check_sound(*candidates, first->row, last->row);
    if (!sound) return std::unexpected(sound.error());
    Found<Plan> plan = make_plan(footage, *candidates, *formats, *first, *last);
    if (!plan) return std::unexpected(plan.error());
    if (plan->parts.empty()) return std::unexpected(no_footage(pool, request, candidates->asked));

    Result<std::vector<catalogue::GapRow>> gaps = load_gaps(pool, request.stream_id, plan->range);
    if (!gaps) return std::unexpected(gaps.error());
    plan->gaps = std::move(*gaps);
    plan->damaged = list_damaged(*candidates, first->row, last->row, plan->range);
    Result<std::unique_ptr<Clip>> clip = Mp4Clip::make(std::move(footage), std::move(*plan));
    if (!clip) return std::unexpected(clip.error());
    return std::move(*clip);
}

}  // namespace

Result<Resolved> resolve(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request) {
    if (request.to && *request.to <= request.from)
        return failure(Remedy::refuse, "the interval ends before it begins");
    Found<std::unique_ptr<Clip>> clip = find_clip(pool, volumes, request);
    if (clip) return Resolved{std::move(*clip)};
    if (auto* refusal = std::get_if<Refusal>(&clip.error())) return Resolved{std::move(*refusal)};
    return std::unexpected(std::get<Error>(clip.error()));
}

}  // namespace sluice::clip
