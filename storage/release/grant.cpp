#include "storage/release/grant.hpp"

#include <algorithm>
#include <utility>

namespace sluice::release {

std::string_view to_string(Direction direction) noexcept {
    return direction == Direction::inward ? "inward" : "outward";
}

void PieceCutter::take(const Segment& segment, std::span<const clip::AccessUnit> units) {
    if (run_id_ != segment.run_id) {
        close();
        run_id_ = segment.run_id;
        is_run_over_ = false;
    }
    for (std::uint32_t sample = 0; sample < units.size() && !is_run_over_; ++sample)
        take_unit(segment, sample, units[sample]);
}

void PieceCutter::take_unit(const Segment& segment, std::uint32_t sample, const clip::AccessUnit& unit) {
    if (unit.is_after_gap) close();
    if (asked_.to <= unit.shown) {
        is_run_over_ = true;
        close();
        return;
    }
    // Pictures that follow a key frame may be shown before it (open GOP): one of them lying before the begin
    // makes the whole group one that is not inside.
    if (open_ && direction_ == Direction::inward && unit.earliest < asked_.from) open_.reset();
    if (begins_here(unit)) open_ = Piece{.run_id = segment.run_id, .range = {}, .spans = {}, .frames = 0};
    if (open_) extend(segment, sample, unit);
}

bool PieceCutter::begins_here(const clip::AccessUnit& unit) const noexcept {
    if (!unit.is_key) return false;
    if (direction_ == Direction::inward) return !open_ && asked_.from <= unit.earliest;
    return !open_ || unit.earliest <= asked_.from;  // a later one at or before the begin is nearer to it
}

void PieceCutter::extend(const Segment& segment, std::uint32_t sample, const clip::AccessUnit& unit) {
    Piece& piece = *open_;
    if (piece.frames == 0) piece.range = {unit.earliest, unit.shown_to};
    piece.range.from = std::min(piece.range.from, unit.earliest);
    piece.range.to = std::max(piece.range.to, unit.shown_to);
    if (piece.spans.empty() || piece.spans.back().segment_id != segment.id)
        piece.spans.push_back({segment.id, segment.from, sample, sample, segment.is_damaged});
    piece.spans.back().end = sample + 1;
    ++piece.frames;
}

void PieceCutter::close() {
    if (!open_) return;
    Piece piece = std::move(*open_);
    open_.reset();
    piece.range.to = std::min(piece.range.to, asked_.to);
    if (asked_.from < piece.range.to) pieces_.push_back(std::move(piece));
}

std::vector<Piece> PieceCutter::finish() {
    close();
    run_id_.reset();
    is_run_over_ = false;
    std::ranges::sort(pieces_, {}, [](const Piece& piece) {
        return std::pair{piece.range.from, piece.run_id};
    });
    return std::exchange(pieces_, {});
}

Result<std::variant<Resolution, clip::Refusal>> resolve_interval(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    TimeRange asked
) {
    using Answer = std::variant<Resolution, clip::Refusal>;
    PieceCutter inward{asked, Direction::inward};
    PieceCutter outward{asked, Direction::outward};
    const clip::Request request{.stream_id = stream_id, .from = asked.from, .to = asked.to, .run_id = {}};
    auto gaps = clip::visit_units(pool, volumes, request, [&](const clip::SegmentUnits& seen) {
        const PieceCutter::Segment segment{
            .id = seen.row.id,
            .run_id = seen.row.run_id,
            .from = seen.row.range.from,
            .is_damaged = seen.row.is_damaged,
        };
        inward.take(segment, seen.units);
        outward.take(segment, seen.units);
    });
    if (!gaps) return std::unexpected(gaps.error());
    if (auto* refusal = std::get_if<clip::Refusal>(&*gaps)) {
        if (refusal->code != "NO_FOOTAGE") return Answer{std::move(*refusal)};
        return Answer{Resolution{.pieces = {}, .outward = {}, .gaps = std::move(refusal->gaps)}};
    }
    return Answer{Resolution{
        .pieces = inward.finish(),
        .outward = outward.finish(),
        .gaps = std::get<std::vector<catalogue::GapRow>>(std::move(*gaps)),
    }};
}

Result<std::variant<Resolution, clip::Refusal>>
resolve_inward(catalogue::Pool& pool, const Uuid& camera_id, StreamKind stream, TimeRange asked) {
    const auto row = catalogue::find_stream(pool, camera_id, stream);
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::variant<Resolution, clip::Refusal>{Resolution{}};
    const auto rows = catalogue::load_volumes(pool);
    if (!rows) return std::unexpected(rows.error());
    clip::VolumePaths volumes;
    for (const catalogue::VolumeRow& volume : *rows)
        volumes.emplace(volume.id, volume.path);
    return resolve_interval(pool, volumes, (*row)->id, asked);
}

}  // namespace sluice::release
