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

}  // namespace

Result<Tolerated> tolerate_damage(catalogue::Pool& pool, std::vector<SegmentRow>& rows) {
    Tolerated tolerated;
    for (SegmentRow& row : rows) {
        if (row.state == SegmentState::suspect) {
            const auto copy = catalogue::find_copy(pool, row.id);
            if (!copy) return std::unexpected(copy.error());
            if (!*copy || (*copy)->path.empty()) continue;
            row.path = (*copy)->path;
            row.bytes = (*copy)->bytes;
            row.range.to = (*copy)->to.value_or(row.range.to);
            row.is_damaged = true;
            tolerated[row.id] = {};
        } else if (row.is_damaged) {
            auto damage = catalogue::load_damage(pool, row.id);
            if (!damage) return std::unexpected(damage.error());
            // A state without an index in the catalogue: whoever needs one reads the file.
            if (needs_own_index(*damage)) row.state = SegmentState::suspect;
            tolerated[row.id] = std::move(*damage);
        }
    }
    return tolerated;
}

}  // namespace sluice::clip
