#include "storage/clip/units.hpp"

#include "storage/clip/detail/run_rows.hpp"
#include "storage/clip/hls_cut.hpp"

#include <algorithm>
#include <utility>

namespace sluice::clip {
namespace {

using catalogue::SegmentRow;
using Gaps = std::vector<catalogue::GapRow>;

Found<Gaps> find_units(
    catalogue::Pool& pool,
    const VolumePaths& volumes,
    const Request& request,
    const VisitUnits& visit
) {
    Footage footage{pool, volumes, request.stream_id};
    Found<Candidates> candidates = find_candidates(pool, footage, request);
    if (!candidates) return std::unexpected(candidates.error());
    std::erase_if(candidates->rows, [](const SegmentRow& row) {
        return row.state == catalogue::SegmentState::suspect;
    });
    const std::vector<const SegmentRow*> rows = order_by_run(*candidates, 0);
    RowIndexes indexes{footage, rows};
    std::optional<RunPosition> before;
    for (std::size_t number = 0; number < rows.size(); ++number) {
        const Result<mp4::SegmentIndex> index = indexes.load(number);
        if (!index) return std::unexpected(index.error());
        if (number > 0 && rows[number - 1]->run_id != rows[number]->run_id) before.reset();
        const std::vector<AccessUnit> units = make_units(*index, before);
        visit({*rows[number], *index, units});
        if (auto behind = position_behind(*index)) before = behind;
    }
    Result<Gaps> gaps = load_gaps(pool, request.stream_id, candidates->asked);
    if (!gaps) return std::unexpected(gaps.error());
    return std::move(*gaps);
}

}  // namespace

std::optional<RunPosition> position_behind(const mp4::SegmentIndex& index) noexcept {
    if (index.fragments.empty()) return std::nullopt;
    const auto last = static_cast<std::uint32_t>(index.fragments.size() - 1);
    return RunPosition{end_tick_of(index, last), *nominal_end(index)};
}

std::vector<AccessUnit> make_units(const mp4::SegmentIndex& index, const std::optional<RunPosition>& before) {
    std::vector<AccessUnit> units;
    units.reserve(index.samples.size());
    std::optional<RunPosition> reached = before;
    for (const mp4::Fragment& fragment : index.fragments) {
        const Microseconds late =
            reached ? std::max(reached->nominal_end - fragment.wall, Microseconds{0}) : Microseconds{0};
        bool is_after_gap = reached && is_gap(reached->end_tick, fragment.base_decode_time);
        std::int64_t ticks = 0;
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i) {
            const mp4::Sample& sample = index.samples[fragment.first_sample + i];
            // Decode time and offset are rounded one by one, as everywhere.
            const UtcTime earliest = fragment.wall + Microseconds{ticks_to_us(ticks)} +
                                     Microseconds{ticks_to_us(sample.composition_offset)};
            units.push_back({
                .earliest = earliest,
                .shown = earliest + late,
                .shown_to = earliest + late + Microseconds{ticks_to_us(sample.duration)},
                .is_key = sample.is_key,
                .is_after_gap = std::exchange(is_after_gap, false),
            });
            ticks += sample.duration;
        }
        reached = RunPosition{
            .end_tick = fragment.base_decode_time + static_cast<std::uint64_t>(ticks),
            .nominal_end = fragment.wall + Microseconds{ticks_to_us(ticks)},
        };
    }
    return units;
}

Result<std::variant<Gaps, Refusal>> visit_units(
    catalogue::Pool& pool,
    const VolumePaths& volumes,
    const Request& request,
    const VisitUnits& visit
) {
    using Answer = std::variant<Gaps, Refusal>;
    if (request.to && *request.to <= request.from)
        return failure(Remedy::refuse, "the interval ends before it begins");
    Found<Gaps> gaps = find_units(pool, volumes, request, visit);
    if (gaps) return Answer{std::move(*gaps)};
    if (auto* refusal = std::get_if<Refusal>(&gaps.error())) return Answer{std::move(*refusal)};
    return std::unexpected(std::get<Error>(gaps.error()));
}

}  // namespace sluice::clip
