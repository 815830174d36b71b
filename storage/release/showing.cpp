#include "storage/release/showing.hpp"

#include <algorithm>
#include <utility>

namespace sluice::release {
namespace {

TimeRange shown_time(const clip::SegmentUnits& segment, const clip::HlsCutout& entry) {
    std::optional<TimeRange> shown;
    for (std::uint32_t number = entry.segment.first; number < entry.segment.end; ++number) {
        const mp4::Fragment part = clip::clamp_fragment(segment.index, number, entry.samples);
        for (const clip::AccessUnit& unit : segment.units.subspan(part.first_sample, part.sample_count)) {
            if (!shown) shown = {unit.earliest, unit.shown_to};
            shown = {std::min(shown->from, unit.earliest), std::max(shown->to, unit.shown_to)};
        }
    }
    return shown.value_or(TimeRange{});
}

/// Appends the entries of a piece.
Result<std::optional<clip::Refusal>> append_piece(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    const Piece& piece,
    Showing& showing
) {
    const clip::Request request{
        .stream_id = stream_id, .from = piece.range.from, .to = piece.range.to, .run_id = piece.run_id
    };
    bool goes_on = showing.entries.empty();
    auto seen = clip::visit_units(pool, volumes, request, [&](const clip::SegmentUnits& segment) {
        const auto span = std::ranges::find(piece.spans, segment.row.id, &Span::segment_id);
        if (span == piece.spans.end()) return;
        if (segment.row.is_damaged || segment.units.size() < span->end) {
            showing.damaged.push_back(segment.row.range.clamp(piece.range));
            goes_on = false;
            return;
        }
        for (clip::HlsCutout& entry :
             clip::cut_out(segment.row, segment.index, {span->first, span->end}, goes_on)) {
            const TimeRange shown = shown_time(segment, entry).clamp(piece.range);
            showing.entries.push_back({std::move(entry), shown});
        }
        goes_on = true;
    });
    if (!seen) return std::unexpected(seen.error());
    if (auto* refusal = std::get_if<clip::Refusal>(&*seen)) return std::optional{std::move(*refusal)};
    return std::optional<clip::Refusal>{};
}

}  // namespace

std::vector<TimeRange> unite(std::vector<TimeRange> ranges) {
    std::erase_if(ranges, [](const TimeRange& range) { return range.is_empty(); });
    std::ranges::sort(ranges, {}, &TimeRange::from);
    std::vector<TimeRange> united;
    for (const TimeRange& range : ranges) {
        if (united.empty() || united.back().to < range.from)
            united.push_back(range);
        else
            united.back().to = std::max(united.back().to, range.to);
    }
    return united;
}

Result<std::variant<Showing, clip::Refusal>> load_showing(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    std::vector<TimeRange> granted
) {
    using Answer = std::variant<Showing, clip::Refusal>;
    Showing showing;
    for (const TimeRange& range : unite(std::move(granted))) {
        auto resolved = resolve_interval(pool, volumes, stream_id, range);
        if (!resolved) return std::unexpected(resolved.error());
        if (auto* refusal = std::get_if<clip::Refusal>(&*resolved)) return Answer{std::move(*refusal)};
        for (const Piece& piece : std::get<Resolution>(*resolved).pieces) {
            auto refusal = append_piece(pool, volumes, stream_id, piece, showing);
            if (!refusal) return std::unexpected(refusal.error());
            if (*refusal) return Answer{std::move(**refusal)};
        }
    }
    return Answer{std::move(showing)};
}

std::optional<std::size_t> find_begin(const Showing& showing, UtcTime at) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < showing.entries.size(); ++i) {
        const clip::HlsCutout& entry = showing.entries[i];
        if (entry.has_key && (!found || entry.segment.wall.from <= at)) found = i;
    }
    return found;
}

const ShownEntry*
find_entry(const Showing& showing, const Uuid& file_id, clip::FragmentRange fragments) noexcept {
    const auto found = std::ranges::find_if(showing.entries, [&](const ShownEntry& entry) {
        return entry.segment.file_id == file_id && entry.segment.first == fragments.first &&
               entry.segment.end == fragments.end;
    });
    return found == showing.entries.end() ? nullptr : &*found;
}

Microseconds length_of(const clip::HlsCutout& entry) noexcept {
    constexpr std::uint64_t second_us = 1'000'000;
    return Microseconds{static_cast<std::int64_t>(entry.segment.ticks * second_us / mp4::kTimescale)};
}

}  // namespace sluice::release
