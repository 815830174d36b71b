#include "storage/retention/plan.hpp"

namespace sluice::retention {

Holds::Holds(std::vector<HoldFacts> holds) : holds_(std::move(holds)) {
    for (const HoldFacts& hold : holds_)
        for (const Uuid& camera : hold.camera_ids)
            by_camera_[camera].push_back(&hold);
}

std::span<const HoldFacts* const> Holds::of(const Uuid& camera_id) const noexcept {
    const auto found = by_camera_.find(camera_id);
    if (found == by_camera_.end()) return {};
    return found->second;
}

std::vector<Decision> make_plan(
    std::span<const SegmentFacts> segments,
    const Holds& holds,
    const policy::History& history,
    const std::set<Uuid>& volumes,
    UtcTime now
) {
    std::vector<Decision> plan;
    plan.reserve(segments.size());
    for (const SegmentFacts& segment : segments) {
        Decision decision = decide(segment, holds.of(segment.camera_id), history, now);
        if (decision.is_destroyed && !volumes.contains(segment.volume_id)) {
            decision.is_destroyed = false;
            decision.rule = Rule::other_volume;
        }
        plan.push_back(std::move(decision));
    }
    return plan;
}

SpacePlan make_space_plan(
    std::span<const SegmentFacts> segments,
    const Holds& holds,
    const policy::History& history,
    std::uint64_t needed_bytes,
    bool may_breach,
    UtcTime now
) {
    SpacePlan plan;
    plan.decisions.reserve(segments.size());
    for (const SegmentFacts& segment : segments)
        plan.decisions.push_back(decide(segment, holds.of(segment.camera_id), history, now));
    const auto take = [&](std::size_t i, Rule rule) {
        Decision& decision = plan.decisions[i];
        decision.is_destroyed = true;
        decision.rule = rule;
        plan.freed_bytes += segments[i].bytes;
    };
    // What goes anyway goes first and under its own rule; then what only room takes.
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (plan.decisions[i].is_destroyed) take(i, plan.decisions[i].rule);
    for (std::size_t i = 0; i < segments.size() && plan.freed_bytes < needed_bytes; ++i) {
        const Decision& decision = plan.decisions[i];
        if (!decision.is_destroyed && decision.rule != Rule::floor && decision.rule != Rule::hold)
            take(i, Rule::space);
    }
    for (std::size_t i = 0; may_breach && i < segments.size() && plan.freed_bytes < needed_bytes; ++i) {
        const Decision& decision = plan.decisions[i];
        if (decision.is_destroyed || decision.rule != Rule::floor || !decision.holds.empty()) continue;
        take(i, Rule::breach_floor);
        plan.has_breached = true;
    }
    plan.is_enough = plan.freed_bytes >= needed_bytes;
    return plan;
}

}  // namespace sluice::retention
