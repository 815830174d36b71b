#include "storage/clip/hls_recorded.hpp"

#include "storage/clip/detail/run_rows.hpp"
#include "storage/clip/detail/select.hpp"
#include "storage/clip/hls_media.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::clip {
namespace {

using catalogue::SegmentRow;

/// Where the run stands behind its last fragment so far.
struct Reached {
    Uuid run_id;
    std::uint64_t end_tick = 0;
    UtcTime wall_end;
};

/// Number of fragments that begin before `to`. As in find_end, none begins before the nominal end of the one
/// before it, so what comes later never changes the answer.
std::uint32_t count_before(const mp4::SegmentIndex& index, UtcTime to, std::optional<UtcTime> previous_end) {
    std::uint32_t count = 0;
    for (; count < index.fragments.size(); ++count) {
        const UtcTime wall = index.fragments[count].wall;
        if (to <= (previous_end ? std::max(wall, *previous_end) : wall)) break;
        previous_end = wall_of(index, {count, count + 1}).to;
    }
    return count;
}

/// The fragment that holds the sample.
std::uint32_t fragment_of(const mp4::SegmentIndex& index, std::uint32_t sample) {
    const auto behind = std::ranges::upper_bound(index.fragments, sample, {}, &mp4::Fragment::first_sample);
    return static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(behind - index.fragments.begin() - 1, 0));
}

void append_row(
    std::vector<HlsSegment>& segments,
    std::optional<Reached>& reached,
    const SegmentRow& row,
    const mp4::SegmentIndex& index,
    FragmentRange fragments
) {
    const bool is_same_run = reached && reached->run_id == row.run_id;
    const bool goes_on =
        !reached ||
        (is_same_run && !is_gap(reached->end_tick, index.fragments[fragments.first].base_decode_time));
    bool is_first = true;
    for (const HlsCut& cut : cut_fragments(index, fragments.first, fragments.end)) {
        segments.push_back(to_hls_segment(row.id, row.format_id, index, cut));
        if (std::exchange(is_first, false)) segments.back().is_discontinuous = !goes_on;
    }
    reached = Reached{row.run_id, end_tick_of(index, fragments.end - 1), segments.back().wall.to};
}

Found<HlsRecording>
find_recording(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request) {
    Footage footage{pool, volumes, request.stream_id};
    const Found<Candidates> candidates = find_candidates(pool, footage, request);
    if (!candidates) return std::unexpected(candidates.error());
    const Found<Edge> first = find_first(pool, footage, request, *candidates);
    if (!first) return std::unexpected(first.error());
    const std::vector<const SegmentRow*> rows = order_by_run(*candidates, first->row);
    if (rows.empty()) return std::unexpected(no_footage(pool, request, candidates->asked));
    const Found<void> sound = check_sound(*candidates, first->row, first->row + rows.size() - 1);
    if (!sound) return std::unexpected(sound.error());

    HlsRecording recording;
    RowIndexes indexes{footage, rows};
    std::optional<Reached> reached;
    for (std::size_t number = 0; number < rows.size(); ++number) {
        const Result<mp4::SegmentIndex> index = indexes.load(number);
        if (!index) return std::unexpected(index.error());
        const bool is_first = rows[number]->id == candidates->rows[first->row].id;
        const bool is_same_run = reached && reached->run_id == rows[number]->run_id;
        const FragmentRange fragments{
            is_first ? fragment_of(*index, first->sample) : 0,
            count_before(
                *index, candidates->asked.to, is_same_run ? std::optional{reached->wall_end} : std::nullopt
            ),
        };
        if (fragments.first < fragments.end)
            append_row(recording.segments, reached, *rows[number], *index, fragments);
    }
    if (recording.segments.empty()) return std::unexpected(no_footage(pool, request, candidates->asked));
    recording.range = recording.segments.front().wall;
    for (const HlsSegment& segment : recording.segments) {
        recording.range.from = std::min(recording.range.from, segment.wall.from);
        recording.range.to = std::max(recording.range.to, segment.wall.to);
    }
    Result<std::vector<catalogue::GapRow>> gaps = load_gaps(pool, request.stream_id, recording.range);
    if (!gaps) return std::unexpected(gaps.error());
    recording.gaps = std::move(*gaps);
    return recording;
}

}  // namespace

Result<std::variant<HlsRecording, Refusal>>
resolve_hls(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request) {
    using Answer = std::variant<HlsRecording, Refusal>;
    if (request.to && *request.to <= request.from)
        return failure(Remedy::refuse, "the interval ends before it begins");
    Found<HlsRecording> recording = find_recording(pool, volumes, request);
    if (recording) return Answer{std::move(*recording)};
    if (auto* refusal = std::get_if<Refusal>(&recording.error())) return Answer{std::move(*refusal)};
    return std::unexpected(std::get<Error>(recording.error()));
}

}  // namespace sluice::clip
