#include "storage/clip/detail/plan.hpp"

#include <algorithm>
#include <limits>

namespace sluice::clip {
namespace {

Result<std::vector<Part>> list_parts(
    Footage& footage,
    const Candidates& candidates,
    const Edge& first,
    const Edge& last,
    Presentation& presentation
) {
    std::vector<Part> parts;
    Counts before;
    for (std::size_t number = first.row; number <= last.row; ++number) {
        const catalogue::SegmentRow& row = candidates.rows[number];
        Part part;
        part.place = place_of(row);
        part.first = number == first.row ? first.sample : 0;
        part.end = row.sums.samples;
        mp4::IndexSums sums = row.sums;
        if (number == first.row || number == last.row) {
            const mp4::SegmentIndex& index = number == first.row ? first.index : last.index;
            part.end = number == last.row ? last.sample : static_cast<std::uint32_t>(index.samples.size());
            if (part.end <= part.first) continue;
            sums = mp4::sum_up(trim(index, part.first, part.end));
        } else if (row.state != catalogue::SegmentState::finished) {
            const Result<mp4::SegmentIndex> index = footage.load_index(part.place);
            if (!index) return std::unexpected(index.error());
            part.end = static_cast<std::uint32_t>(index->samples.size());
            sums = mp4::sum_up(*index);
        }
        if (part.end == 0) continue;
        part.shape.own = counts_of(sums);
        part.shape.before = before;
        before += part.shape.own;
        presentation.has_composition = presentation.has_composition || sums.has_composition;
        parts.push_back(std::move(part));
    }
    return parts;
}

/// Numbers the formats in the order the parts use them.
void assign_entries(
    Plan& plan,
    const std::vector<catalogue::SegmentRow>& rows,
    const std::vector<std::size_t>& row_of,
    const Formats& formats
) {
    std::vector<Uuid> used;
    for (std::size_t i = 0; i < plan.parts.size(); ++i) {
        const Uuid& id = rows[row_of[i]].format_id;
        auto place = std::ranges::find(used, id);
        if (place == used.end()) {
            used.push_back(id);
            plan.formats.push_back(formats.at(id));
            place = used.end() - 1;
        }
        plan.parts[i].shape.entry = static_cast<std::uint32_t>(place - used.begin()) + 1;
    }
}

/// How long the last part is shown, counted from its first sample's decode time.
std::uint64_t shown_ticks(const mp4::SegmentIndex& part) {
    std::int64_t decode = 0;
    std::int64_t end = 0;
    for (const mp4::Sample& sample : part.samples) {
        end = std::max(end, decode + sample.composition_offset + sample.duration);
        decode += sample.duration;
    }
    return static_cast<std::uint64_t>(end);
}

std::uint64_t ticks_between(const RunEdge& first, const RunEdge& later) {
    return later.first_decode > first.first_decode ? later.first_decode - first.first_decode : 0;
}

/// Gives every part that ends a run its span, and the clip its length. `whole_of`: the index of a part's
/// segment if it was read already, else null.
template <class WholeOf>
Status place_in_time(Footage& footage, Plan& plan, const std::vector<Uuid>& run_of, const WholeOf& whole_of) {
    PartIndexes indexes{footage, plan.parts};
    const auto load_edge = [&](std::size_t number) -> Result<RunEdge> {
        if (const mp4::SegmentIndex* const whole = whole_of(number))
            return edge_of(trim(*whole, plan.parts[number].first, plan.parts[number].end));
        const Result<const LoadedPart*> part = indexes.get(number);
        if (!part) return std::unexpected(part.error());
        return edge_of((*part)->index);
    };
    Result<RunEdge> run_first = load_edge(0);
    if (!run_first) return std::unexpected(run_first.error());
    const UtcTime clip_from = run_first->wall;
    std::uint64_t run_position = 0;
    for (std::size_t i = 0; i < plan.parts.size(); ++i) {
        const bool is_end = i + 1 == plan.parts.size();
        if (!is_end && run_of[i] == run_of[i + 1]) continue;
        const Result<RunEdge> last = load_edge(i);
        if (!last) return std::unexpected(last.error());
        const std::uint64_t position = run_position + ticks_between(*run_first, *last);
        std::uint64_t span = last->ticks;
        if (!is_end) {
            run_first = load_edge(i + 1);
            if (!run_first) return std::unexpected(run_first.error());
            span = span_to_next_run(position, *last, clip_from, run_first->wall);
        }
        plan.parts[i].shape.span_ticks = span;
        run_position = position + span;
        if (is_end) plan.presentation.media_ticks = run_position;
    }
    return {};
}

}  // namespace

RunEdge edge_of(const mp4::SegmentIndex& part) {
    RunEdge edge{
        .first_decode = part.fragments.front().base_decode_time,
        .ticks = 0,
        .last_duration = part.samples.back().duration,
        .wall = part.fragments.front().wall,
    };
    for (const mp4::Sample& sample : part.samples)
        edge.ticks += sample.duration;
    return edge;
}

std::uint64_t
span_to_next_run(std::uint64_t last_position, const RunEdge& last, UtcTime clip_from, UtcTime next_wall) {
    const std::int64_t wall_us = std::max<std::int64_t>((next_wall - clip_from).count(), 0);
    const std::uint64_t target = us_to_ticks(static_cast<std::uint64_t>(wall_us));
    const std::uint64_t span = std::max(last.ticks, target > last_position ? target - last_position : 0);
    const std::uint64_t before_last = last.ticks - last.last_duration;
    return std::min<std::uint64_t>(span, before_last + std::numeric_limits<std::uint32_t>::max());
}

Found<Plan> make_plan(
    Footage& footage,
    const Candidates& candidates,
    const Formats& formats,
    const Edge& first,
    const Edge& last
) {
    Plan plan{
        .stream_id = candidates.rows[first.row].stream_id,
        .range = {first.wall, candidates.asked.to},
        .parts = {},
        .formats = {},
        .presentation = {.from = first.wall},
        .gaps = {},
        .damaged = {},
    };
    Result<std::vector<Part>> parts = list_parts(footage, candidates, first, last, plan.presentation);
    if (!parts) return std::unexpected(parts.error());
    plan.parts = std::move(*parts);
    if (plan.parts.empty()) return plan;

    std::vector<std::size_t> row_of;
    std::vector<Uuid> run_of;
    for (std::size_t row = first.row; row_of.size() < plan.parts.size(); ++row) {
        if (candidates.rows[row].id != plan.parts[row_of.size()].place.segment_id) continue;
        row_of.push_back(row);
        run_of.push_back(candidates.rows[row].run_id);
    }
    assign_entries(plan, candidates.rows, row_of, formats);
    // A clip inside one run needs no other index than those of its ends.
    const auto whole_of = [&](std::size_t number) -> const mp4::SegmentIndex* {
        if (row_of[number] == first.row) return &first.index;
        return row_of[number] == last.row ? &last.index : nullptr;
    };
    const Status placed = place_in_time(footage, plan, run_of, whole_of);
    if (!placed) return std::unexpected(placed.error());

    const std::int32_t composition = first.index.samples[first.sample].composition_offset;
    plan.presentation.first_composition = static_cast<std::uint32_t>(std::max(composition, 0));
    const Part& end = plan.parts.back();
    const mp4::SegmentIndex& whole = row_of.back() == first.row ? first.index : last.index;
    const std::uint64_t end_position = plan.presentation.media_ticks - end.shape.span_ticks;
    const std::uint64_t shown = end_position + shown_ticks(trim(whole, end.first, end.end));
    plan.presentation.presentation_ticks =
        shown > plan.presentation.first_composition ? shown - plan.presentation.first_composition : 1;
    return plan;
}

}  // namespace sluice::clip
