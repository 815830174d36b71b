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

bool touches(const HoldFacts& hold, const SegmentFacts& segment) noexcept {
    return !hold.interval.is_empty() && hold.interval.overlaps(segment.judged()) &&
           std::ranges::find(hold.camera_ids, segment.camera_id) != hold.camera_ids.end();
}

Decision decide(
    const SegmentFacts& segment,
    std::span<const HoldFacts* const> holds,
    const policy::History& history,
    UtcTime now
) {
    Decision decision;
    bool outlives_ceiling = false;
    for (const HoldFacts* hold : holds) {
        if (!touches(*hold, segment)) continue;
        decision.holds.push_back(hold->id);
        outlives_ceiling |= hold->outlives_ceiling;
    }
    decision.rule = Rule::floor;
    if (history.empty()) return decision;
    const policy::Policy& rules = policy::in_force(history, now).policy;
    const bool is_over = now >= destroy_by(segment.judged().from, static_cast<int>(rules.ceiling_years));
    // Of what was recorded here the floor is over long before the ceiling (the policy is refused otherwise).
    const bool is_young =
        now - segment.kept_since() < days{policy::floor_days(history, segment.taken(), now)};
    if (is_young && !(is_over && segment.receipt)) return decision;
    if (is_over ? outlives_ceiling : !decision.holds.empty()) {
        decision.rule = Rule::hold;
        return decision;
    }
    const bool has_window = rules.keep_days > 0;
    decision.rule = is_over ? Rule::ceiling : has_window ? Rule::window : Rule::capacity;
    decision.is_destroyed = is_over || (has_window && now - segment.kept_since() >= days{rules.keep_days});
    return decision;
}

UtcTime latest_start_that_may_go(const policy::History& history, UtcTime now) noexcept {
    if (history.empty()) return UtcTime::min();
    const policy::Policy& rules = policy::in_force(history, now).policy;
    unsigned lowest = rules.floor_days;
    for (const policy::Version& version : history)
        lowest = std::min(lowest, version.policy.floor_days);
    // The shortest way from a start to its ceiling: late on its day, to the day before the anniversary.
    const unsigned ceiling = 365 * rules.ceiling_years - 2;
    return now - days{std::max(lowest, rules.keep_days > 0 ? std::min(rules.keep_days, ceiling) : ceiling)};
}

}  // namespace sluice::retention
