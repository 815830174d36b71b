#pragma once

#include "storage/retention/rules.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

/// From segments to decisions. The order of segments does not matter to a plan, but for space: oldest first.
namespace sluice::retention {

/// Active holds by camera, so that a segment is compared with those of its camera alone.
class Holds {
public:
    explicit Holds(std::vector<HoldFacts> holds);
    Holds(const Holds&) = delete;
    Holds& operator=(const Holds&) = delete;
    Holds(Holds&&) = default;
    Holds& operator=(Holds&&) = default;

    [[nodiscard]] std::span<const HoldFacts* const> of(const Uuid& camera_id) const noexcept;

private:
    std::vector<HoldFacts> holds_;  // never grows: `by_camera_` points into it
    std::map<Uuid, std::vector<const HoldFacts*>> by_camera_;
};

/// One decision a segment, in their order. `volumes`: those whose identity was just read and is the expected
/// one.
[[nodiscard]] std::vector<Decision> make_plan(
    std::span<const SegmentFacts> segments,
    const Holds& holds,
    const policy::History& history,
    const std::set<Uuid>& volumes,
    UtcTime now
);

struct SpacePlan {
    std::vector<Decision> decisions;  ///< one a segment, in their order
    std::uint64_t freed_bytes = 0;
    bool is_enough = false;
    bool has_breached = false;  ///< at least one segment below the floor: an incident names it
};

/// `overwrite_oldest`: room for `needed_bytes`, oldest first above the floor, never a held one. With
/// `may_breach` (the policy's last resort, with its permission) also below the floor, oldest first, and never
/// a held one either. Pre: segments of one volume, oldest first.
[[nodiscard]] SpacePlan make_space_plan(
    std::span<const SegmentFacts> segments,
    const Holds& holds,
    const policy::History& history,
    std::uint64_t needed_bytes,
    bool may_breach,
    UtcTime now
);

}  // namespace sluice::retention
