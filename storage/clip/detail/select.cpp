#include "storage/clip/detail/select.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace sluice::clip {
namespace {

using catalogue::SegmentRow;
using catalogue::SegmentState;
using namespace std::chrono_literals;

/// An open segment that ended so long before the interval may still reach it.
constexpr Microseconds kOpenLookback = 10min;
constexpr Microseconds kLongestGap = 12h;
/// Runs may touch by as much as a host's clock may step without ending a run.
constexpr Microseconds kOverlapTolerance = 100ms;
constexpr std::size_t kPage = 1000;
constexpr UtcTime kFarFuture = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999

Result<std::vector<SegmentRow>> load_rows(catalogue::Pool& pool, const Request& request, TimeRange range) {
    std::vector<SegmentRow> rows;
    std::optional<catalogue::SegmentCursor> after;
    while (true) {
        Result<std::vector<SegmentRow>> page =
            catalogue::load_segments(pool, request.stream_id, range, after, kPage);
        if (!page) return page;
        const bool is_last = page->size() < kPage;
        if (!page->empty()) after = catalogue::SegmentCursor{page->back().range.from, page->back().id};
        for (SegmentRow& row : *page) {
            if (!row.range.is_empty() && row.run_id == request.run_id.value_or(row.run_id))
                rows.push_back(std::move(row));
        }
        if (is_last) return rows;
    }
}

/// A finished newest segment of a run that goes on has a successor which is not durable yet.
Result<bool> is_run_going_on(catalogue::Pool& pool, const SegmentRow& newest) {
    const auto run = catalogue::find_run(pool, newest.run_id);
    if (!run) return std::unexpected(run.error());
    if (!*run || (*run)->to) return false;
    const TimeRange behind{newest.range.to, newest.range.to + kLookback};
    const auto gaps = load_gaps(pool, newest.stream_id, behind);
    if (!gaps) return std::unexpected(gaps.error());
    return gaps->empty();
}

Result<Horizon> find_horizon(catalogue::Pool& pool, Footage& footage, const SegmentRow& newest) {
    Horizon horizon{.available_to = newest.range.to, .presented_to = newest.range.to};
    if (newest.state == SegmentState::suspect && !newest.is_damaged) return horizon;
    Place place = place_of(newest);
    const Result<mp4::SegmentIndex> index = footage.load_index(place);
    if (!index) return std::unexpected(index.error());
    horizon.presented_to = presentation_end(*index, std::nullopt);
    const TimeRange behind{newest.range.to, kFarFuture};
    const auto later = catalogue::load_segments(pool, newest.stream_id, behind, std::nullopt, 1);
    if (!later) return std::unexpected(later.error());
    if (newest.state == SegmentState::open) {
        horizon.available_to = std::min(newest.range.to, nominal_end(*index).value_or(newest.range.from));
        horizon.is_growing = later->empty();
    } else if (later->empty()) {
        const Result<bool> going_on = is_run_going_on(pool, newest);
        if (!going_on) return std::unexpected(going_on.error());
        horizon.is_growing = *going_on;
    }
    return horizon;
}

}  // namespace

std::optional<Refusal> check_durable(const Horizon& horizon, TimeRange asked) {
    const bool is_too_far = horizon.available_to < asked.to || asked.is_empty();
    if (!horizon.is_growing || !is_too_far) return std::nullopt;
    return Refusal{
        .code = "NOT_YET_DURABLE",
        .detail = "the footage is durable up to " + to_rfc3339(horizon.available_to),
        .available_to = horizon.available_to,
        .intervals = {},
        .gaps = {},
    };
}

Result<std::vector<catalogue::GapRow>>
load_gaps(catalogue::Pool& pool, const Uuid& stream_id, TimeRange range) {
    auto gaps = catalogue::load_gaps_of_stream(pool, stream_id, range);
    if (!gaps) return gaps;
    std::erase_if(*gaps, [range](const catalogue::GapRow& gap) {
        return !TimeRange{gap.from, gap.to.value_or(kFarFuture)}.overlaps(range);
    });
    return gaps;
}

Stop no_footage(catalogue::Pool& pool, const Request& request, TimeRange asked) {
    auto gaps = load_gaps(pool, request.stream_id, asked);
    if (!gaps) return gaps.error();
    Refusal refusal{
        .code = "NO_FOOTAGE",
        .detail = "no footage in the interval",
        .available_to = {},
        .intervals = {},
        .gaps = std::move(*gaps),
    };
    std::set<std::string_view> causes;
    for (const catalogue::GapRow& gap : refusal.gaps)
        causes.insert(to_string(gap.cause));
    for (std::string_view before = ": "; const std::string_view cause : causes) {
        refusal.detail.append(before).append(cause);
        before = ", ";
    }
    return refusal;
}

Found<Candidates> find_candidates(catalogue::Pool& pool, Footage& footage, const Request& request) {
    Candidates found{.asked = {request.from, request.to.value_or(kFarFuture)}, .rows = {}};
    auto rows = load_rows(pool, request, {request.from - kLookback, found.asked.to});
    if (rows && rows->empty())
        rows = load_rows(pool, request, {request.from - kOpenLookback, found.asked.to});
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::unexpected(no_footage(pool, request, found.asked));
    if (request.takes_damaged) {
        auto tolerance = tolerate_damage(pool, footage, *rows);
        if (!tolerance) return std::unexpected(tolerance.error());
        found.tolerated = std::move(tolerance->rows);
        found.absent = std::move(tolerance->absent);
        if (rows->empty()) return std::unexpected(no_footage(pool, request, found.asked));
    }

    const SegmentRow& newest =
        *std::ranges::max_element(*rows, {}, [](const SegmentRow& row) { return row.range.to; });
    // An open row's `to` is the writer's word; the file's own fragments may tell a little less.
    if (newest.range.to < found.asked.to || newest.state == SegmentState::open) {
        const Result<Horizon> horizon = find_horizon(pool, footage, newest);
        if (!horizon) return std::unexpected(horizon.error());
        if (!request.to) {
            found.asked.to = horizon->is_growing ? horizon->available_to
                                                 : std::max(newest.range.to, horizon->presented_to);
        }
        if (auto early = check_durable(*horizon, found.asked)) return std::unexpected(std::move(*early));
    }
    if (std::ranges::none_of(*rows, [&](const SegmentRow& row) { return row.range.overlaps(found.asked); })) {
        const TimeRange asked{request.from, request.to.value_or(kFarFuture)};
        return std::unexpected(no_footage(pool, request, asked));
    }
    found.rows = std::move(*rows);
    return found;
}

std::vector<Interval> find_breaks(const Candidates& candidates) {
    std::vector<Interval> runs;
    bool is_broken = false;
    UtcTime reached{};
    for (const SegmentRow& row : candidates.rows) {
        if (!row.range.overlaps(candidates.asked)) continue;
        const TimeRange range = row.range.clamp(candidates.asked);
        const bool is_first = runs.empty();
        const bool has_long_gap = !is_first && reached + kLongestGap < row.range.from;
        const bool has_overlap =
            !is_first && runs.back().run_id != row.run_id && row.range.from + kOverlapTolerance < reached;
        is_broken = is_broken || has_long_gap || has_overlap;
        auto same = std::ranges::find(runs.rbegin(), runs.rend(), row.run_id, &Interval::run_id);
        if (same == runs.rend() || has_long_gap) {
            runs.push_back({.range = range, .run_id = row.run_id});
        } else {
            same->range.to = std::max(same->range.to, range.to);
        }
        reached = std::max(reached, row.range.to);
    }
    return is_broken ? runs : std::vector<Interval>{};
}

namespace {

std::vector<Interval> runs_of(const Candidates& candidates) {
    std::vector<Interval> runs;
    for (const SegmentRow& row : candidates.rows) {
        if (!row.range.overlaps(candidates.asked)) continue;
        const TimeRange range = row.range.clamp(candidates.asked);
        if (runs.empty() || runs.back().run_id != row.run_id) {
            runs.push_back({.range = range, .run_id = row.run_id});
        } else {
            runs.back().range.to = range.to;
        }
    }
    return runs;
}

Stop not_uniform(std::string detail, std::vector<Interval> intervals) {
    return Refusal{
        .code = "CLIP_NOT_UNIFORM",
        .detail = std::move(detail),
        .available_to = {},
        .intervals = std::move(intervals),
        .gaps = {},
    };
}

Stop damaged(std::vector<Interval> intervals) {
    return Refusal{
        .code = "FOOTAGE_DAMAGED",
        .detail = "a part of the footage is damaged or was never safely written",
        .available_to = {},
        .intervals = std::move(intervals),
        .gaps = {},
    };
}

/// A file whose sync failed is not read either, before its sound fragments are copied.
bool is_unsound(const Candidates& candidates, const SegmentRow& row) {
    const bool has_failed = row.is_damaged || row.state == SegmentState::suspect;
    return has_failed && !candidates.tolerated.contains(row.id);
}

}  // namespace

Found<Formats> check_uniform(catalogue::Pool& pool, const Candidates& candidates) {
    Formats formats;
    const mp4::VideoFormat* picture = nullptr;
    bool is_one_picture = true;
    std::vector<Interval> suspect;
    for (const SegmentRow& row : candidates.rows) {
        auto known = formats.find(row.format_id);
        if (known == formats.end()) {
            Result<catalogue::FormatRow> format = catalogue::get_format(pool, row.format_id);
            if (!format) return std::unexpected(format.error());
            known = formats.emplace(row.format_id, std::move(format->format)).first;
        }
        if (!row.range.overlaps(candidates.asked)) continue;
        if (row.state == SegmentState::suspect && is_unsound(candidates, row))
            suspect.push_back({.range = row.range, .run_id = row.run_id});
        if (picture == nullptr) picture = &known->second;
        is_one_picture = is_one_picture && picture->has_same_picture(known->second);
    }
    if (!suspect.empty()) return std::unexpected(damaged(std::move(suspect)));
    std::vector<Interval> breaks = find_breaks(candidates);
    if (!breaks.empty()) {
        return std::unexpected(
            not_uniform("runs overlap, or a gap is longer than 12 hours", std::move(breaks))
        );
    }
    if (!is_one_picture) {
        return std::unexpected(not_uniform("codec or picture size changes inside", runs_of(candidates)));
    }
    return formats;
}

Found<void> check_sound(const Candidates& candidates, std::size_t first_row, std::size_t last_row) {
    std::vector<Interval> unsound;
    for (std::size_t number = first_row; number <= last_row; ++number) {
        const SegmentRow& row = candidates.rows[number];
        if (is_unsound(candidates, row)) unsound.push_back({.range = row.range, .run_id = row.run_id});
    }
    if (unsound.empty()) return {};
    return std::unexpected(damaged(std::move(unsound)));
}

std::vector<DamagedPart>
list_damaged(const Candidates& candidates, std::size_t first_row, std::size_t last_row, TimeRange range) {
    std::vector<DamagedPart> parts;
    for (std::size_t number = first_row; number <= last_row; ++number) {
        const SegmentRow& row = candidates.rows[number];
        const auto known = candidates.tolerated.find(row.id);
        const TimeRange inside = row.range.clamp(range);
        if (known == candidates.tolerated.end() || inside.is_empty()) continue;
        parts.push_back({.segment_id = row.id, .range = inside, .bytes = known->second});
    }
    for (const DamagedPart& part : candidates.absent) {
        const TimeRange inside = part.range.clamp(range);
        if (!inside.is_empty())
            parts.push_back({.segment_id = part.segment_id, .range = inside, .bytes = part.bytes});
    }
    std::ranges::sort(parts, {}, [](const DamagedPart& part) { return part.range.from; });
    return parts;
}

}  // namespace sluice::clip
