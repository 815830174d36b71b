#include "storage/release/still.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace sluice::release {
namespace {

/// Far more than cameras let pass between key frames: mostly the rest of a long grant need not be read.
constexpr Microseconds kNearby = std::chrono::minutes{2};
/// A key frame at the moment itself is shown a little later by the other clock.
constexpr Microseconds kBehind = std::chrono::seconds{2};

bool holds(const std::vector<Piece>& pieces, const Uuid& segment_id, std::uint32_t sample) {
    return std::ranges::any_of(pieces, [&](const Piece& piece) {
        return std::ranges::any_of(piece.spans, [&](const Span& span) {
            return span.segment_id == segment_id && span.first <= sample && sample < span.end;
        });
    });
}

using Found = Result<std::variant<std::optional<Still>, clip::Refusal>>;

/// Among the frames that lie inside.
Found find_inside(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    TimeRange inside,
    UtcTime at
) {
    using Answer = std::variant<std::optional<Still>, clip::Refusal>;
    auto resolved = resolve_interval(pool, volumes, stream_id, inside);
    if (!resolved) return std::unexpected(resolved.error());
    if (auto* refusal = std::get_if<clip::Refusal>(&*resolved)) return Answer{std::move(*refusal)};
    const std::vector<Piece>& pieces = std::get<Resolution>(*resolved).pieces;
    std::optional<Still> best;
    if (pieces.empty()) return Answer{best};
    const clip::Request request{.stream_id = stream_id, .from = inside.from, .to = inside.to, .run_id = {}};
    const auto seen = clip::visit_units(pool, volumes, request, [&](const clip::SegmentUnits& segment) {
        for (std::uint32_t sample = 0; sample < segment.units.size(); ++sample) {
            const clip::AccessUnit& unit = segment.units[sample];
            const bool is_later = !best || best->at < unit.earliest;
            if (unit.is_key && unit.earliest <= at && is_later && holds(pieces, segment.row.id, sample))
                best = Still{unit.earliest, TimeRange{unit.earliest, unit.shown_to}.clamp(inside)};
        }
    });
    if (!seen) return std::unexpected(seen.error());
    return Answer{best};
}

}  // namespace

Result<std::variant<Still, clip::Refusal>> find_still(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    TimeRange granted,
    UtcTime at
) {
    using Answer = std::variant<Still, clip::Refusal>;
    const UtcTime nearby = std::max(granted.from, at - kNearby);
    const UtcTime to = std::min(granted.to, at + kBehind);
    for (const UtcTime from : {nearby, granted.from}) {
        auto found = find_inside(pool, volumes, stream_id, {from, to}, at);
        if (!found) return std::unexpected(found.error());
        if (auto* refusal = std::get_if<clip::Refusal>(&*found)) return Answer{std::move(*refusal)};
        if (const auto& still = std::get<std::optional<Still>>(*found)) return Answer{*still};
    }
    return Answer{clip::Refusal{
        .code = "NO_FOOTAGE",
        .detail = "No picture of what was granted lies at or before this moment.",
        .available_to = {},
        .intervals = {},
        .gaps = {},
    }};
}

}  // namespace sluice::release
