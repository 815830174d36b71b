#include "storage/clip/detail/damage.hpp"

#include <algorithm>
#include <utility>

namespace sluice::clip {
namespace {

using catalogue::Damage;
using catalogue::DamageKind;
using catalogue::SegmentRow;
using catalogue::SegmentState;

bool needs_own_index(const std::vector<Damage>& damage) {
    return std::ranges::any_of(damage, [](const Damage& one) {
        return one.kind == DamageKind::index || one.kind == DamageKind::lost;
    });
}

bool is_wholly_lost(const SegmentRow& row, const std::vector<Damage>& damage) {
    const Damage whole{.from = 0, .to = row.bytes, .kind = DamageKind::lost};
    return std::ranges::find(damage, whole) != damage.end();
}

/// A suspect row becomes its copy, when there is one.
Status take_copy(catalogue::Pool& pool, SegmentRow& row, Tolerated& tolerated) {
    const auto copy = catalogue::find_copy(pool, row.id);
    if (!copy) return std::unexpected(copy.error());
    if (!*copy || (*copy)->path.empty()) return {};
    row.path = (*copy)->path;
    row.bytes = (*copy)->bytes;
    row.range.to = (*copy)->to.value_or(row.range.to);
    row.is_damaged = true;
    tolerated[row.id] = {};
    return {};
}

}  // namespace

Result<Tolerance> tolerate_damage(catalogue::Pool& pool, Footage& footage, std::vector<SegmentRow>& rows) {
    Tolerance tolerance;
    for (SegmentRow& row : rows) {
        if (row.state == SegmentState::suspect) {
            if (auto taken = take_copy(pool, row, tolerance.rows); !taken)
                return std::unexpected(taken.error());
            continue;
        }
        if (!row.is_damaged) continue;
        auto damage = catalogue::load_damage(pool, row.id);
        if (!damage) return std::unexpected(damage.error());
        Place place = place_of(row);
        if (is_wholly_lost(row, *damage) && !footage.open(place)) {
            tolerance.absent.push_back({.segment_id = row.id, .range = row.range, .bytes = std::move(*damage)}
            );
            continue;
        }
        // A state without an index in the catalogue: whoever needs one reads the file.
        if (needs_own_index(*damage)) row.state = SegmentState::suspect;
        tolerance.rows[row.id] = std::move(*damage);
    }
    std::erase_if(rows, [&](const SegmentRow& row) {
        return std::ranges::find(tolerance.absent, row.id, &DamagedPart::segment_id) !=
               tolerance.absent.end();
    });
    return tolerance;
}

}  // namespace sluice::clip
