#include "storage/retention/rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::retention {
namespace {

using std::chrono::days;

// Asia/Taipei keeps UTC+8 all year, and has since 1980: before any footage of ours.
constexpr std::chrono::hours kTaipei{8};

constexpr std::array<std::pair<Rule, std::string_view>, 8> kRules{{
    {Rule::floor, "RET_FLOOR_30D"},
    {Rule::window, "RET_WINDOW"},
    {Rule::capacity, "RET_CAPACITY"},
    {Rule::hold, "RET_HOLD_ACTIVE"},
    {Rule::ceiling, "RET_CEILING_1Y"},
    {Rule::space, "RET_SPACE"},
    {Rule::breach_floor, "RET_BREACH_FLOOR"},
    {Rule::other_volume, "RET_OTHER_VOLUME"},
}};

}  // namespace

std::string_view to_string(Rule rule) noexcept {
    return std::ranges::find(kRules, rule, &std::pair<Rule, std::string_view>::first)->second;
}

std::optional<Rule> rule_from(std::string_view word) noexcept {
    const auto* found = std::ranges::find(kRules, word, &std::pair<Rule, std::string_view>::second);
    if (found == kRules.end()) return std::nullopt;
    return found->first;
}

UtcTime destroy_by(UtcTime from, int years) noexcept {
    const std::chrono::year_month_day recorded{std::chrono::floor<days>(from + kTaipei)};
    auto anniversary = recorded + std::chrono::years{years};
    if (!anniversary.ok()) anniversary = anniversary.year() / anniversary.month() / std::chrono::last;
    return UtcTime{std::chrono::sys_days{anniversary} - days{1}} - kTaipei;
}

std::optional<days> floor_of(UtcTime from, std::span<const FloorStep> floors, UtcTime now) noexcept {
    std::optional<days> highest;
    for (std::size_t i = 0; i < floors.size() && floors[i].valid_from <= now; ++i) {
        // The one that was in force when the footage began counts as well: it ended after `from`. The first
        // one reaches back to whatever was recorded before there was a policy.
        const bool was_over = i + 1 < floors.size() && floors[i + 1].valid_from <= from;
        if (!was_over) highest = std::max(highest.value_or(floors[i].floor), floors[i].floor);
    }
    return highest;
}

bool touches(const HoldFacts& hold, const SegmentFacts& segment) noexcept {
    return !hold.interval.is_empty() && hold.interval.overlaps(segment.range) &&
           std::ranges::find(hold.camera_ids, segment.camera_id) != hold.camera_ids.end();
}

Decision decide(
    const SegmentFacts& segment,
    std::span<const HoldFacts* const> holds,
    const Limits& limits,
    UtcTime now
) {
    Decision decision;
    bool outlives_ceiling = false;
    for (const HoldFacts* hold : holds) {
        if (!touches(*hold, segment)) continue;
        decision.holds.push_back(hold->id);
        outlives_ceiling |= hold->outlives_ceiling;
    }
    const auto floor = floor_of(segment.range.from, limits.floors, now);
    if (!floor || now - segment.range.to < *floor) {
        decision.rule = Rule::floor;
        return decision;
    }
    const bool is_over = now >= destroy_by(segment.range.from, limits.ceiling_years);
    if (is_over ? outlives_ceiling : !decision.holds.empty()) {
        decision.rule = Rule::hold;
        return decision;
    }
    decision.rule = is_over ? Rule::ceiling : limits.keep ? Rule::window : Rule::capacity;
    decision.is_destroyed = is_over || (limits.keep && now - segment.range.to >= *limits.keep);
    return decision;
}

UtcTime latest_start_that_may_go(const Limits& limits, UtcTime now) noexcept {
    if (limits.floors.empty()) return UtcTime::min();
    const auto lowest = std::ranges::min(limits.floors, {}, &FloorStep::floor).floor;
    // The shortest way from a start to its ceiling: late on its day, to the day before the anniversary.
    const days ceiling{365 * limits.ceiling_years - 2};
    return now - std::max(lowest, limits.keep ? std::min(*limits.keep, ceiling) : ceiling);
}

}  // namespace sluice::retention
