#include "storage/access/fallback.hpp"

#include <algorithm>

namespace sluice::access {
namespace {

Uuid fallback_id(const Uuid& alarm, const Uuid& door) {
    return id_of("fallback of " + to_string(alarm), to_string(door));
}

bool is_lasting(const Silence& silence) {
    return !silence.until && !silence.is_refuted;
}

/// The door is in use, and so is its controller, which is the silent one.
bool is_concerned(const Situation& inventory, const Silence& silence, const Door& door) {
    if (door.state != InventoryState::active) return false;
    return std::ranges::any_of(inventory.controllers, [&](const Situation::ControllerFacts& facts) {
        return facts.controller.state == InventoryState::active &&
               facts.controller.source == silence.source && door.controller_id == facts.controller.id;
    });
}

/// Why it ends, if it does.
std::optional<FallbackPlan::End> end_of(
    const Situation& inventory,
    const std::vector<Silence>& silences,
    const Fallback& fallback,
    UtcTime now
) {
    const auto silence = std::ranges::find(silences, fallback.alarm, &Silence::alarm);
    if (silence == silences.end() || silence->is_refuted)
        return FallbackPlan::End{fallback.id, now, "the controller was not silent"};
    if (silence->until) return FallbackPlan::End{fallback.id, *silence->until, "the controller speaks again"};
    const bool is_needed = std::ranges::any_of(inventory.doors, [&](const Situation::DoorFacts& facts) {
        return facts.door.id == fallback.door && is_concerned(inventory, *silence, facts.door);
    });
    if (is_needed) return std::nullopt;
    return FallbackPlan::End{fallback.id, now, "the door is not in use with this controller any more"};
}

}  // namespace

FallbackPlan plan_fallback(
    const Situation& inventory,
    const std::vector<Silence>& silences,
    const std::vector<Fallback>& placed,
    UtcTime now
) {
    FallbackPlan plan;
    for (const Silence& silence : silences) {
        if (!is_lasting(silence)) continue;
        for (const Situation::DoorFacts& facts : inventory.doors) {
            const Uuid id = fallback_id(silence.alarm, facts.door.id);
            if (!is_concerned(inventory, silence, facts.door)) continue;
            if (std::ranges::find(placed, id, &Fallback::id) != placed.end()) continue;
            plan.placements.push_back({.id = id, .alarm = silence.alarm, .door = facts.door.id});
        }
    }
    for (const Fallback& fallback : placed)
        if (!fallback.has_ended)
            if (const auto end = end_of(inventory, silences, fallback, now)) plan.ends.push_back(*end);
    return plan;
}

}  // namespace sluice::access
