#include "storage/access/derive.hpp"

#include "storage/access/detail/rules.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include <nlohmann/json.hpp>

namespace sluice::access {
namespace {

using namespace std::chrono_literals;

// A late event can explain what came up to a day after it, and end what began before.
constexpr auto kReach = 24h;
constexpr auto kContext = 48h;
constexpr auto kLongestWindow = std::chrono::hours{24 * 7};

struct KindWords {
    AlarmKind kind;
    std::string_view word;
    std::string_view code;
};
constexpr std::array kKinds{
    KindWords{AlarmKind::held_open, "held_open", "door.held_open"},
    KindWords{AlarmKind::forced_open, "forced_open", "door.forced_open"},
    KindWords{AlarmKind::after_hours_unlocked, "after_hours_unlocked", "policy.after_hours_unlocked"},
    KindWords{AlarmKind::rear_door_open, "rear_door_open", "policy.rear_door_open"},
    KindWords{AlarmKind::entry_not_main_door, "entry_not_main_door", "policy.entry_not_main_door"},
    KindWords{AlarmKind::controller_silent, "controller_silent", "acs.controller_offline"},
    KindWords{AlarmKind::index_gap, "index_gap", "acs.gap"},
    KindWords{AlarmKind::clock_offset, "clock_offset", "acs.clock_changed"},
};
constexpr std::array<std::string_view, 3> kSeverities{"low", "medium", "high"};

}  // namespace

std::string_view to_string(AlarmKind kind) noexcept {
    return std::ranges::find(kKinds, kind, &KindWords::kind)->word;
}

std::optional<AlarmKind> alarm_kind_from(std::string_view word) noexcept {
    const auto* found = std::ranges::find(kKinds, word, &KindWords::word);
    if (found == kKinds.end()) return std::nullopt;
    return found->kind;
}

std::string_view code_of(AlarmKind kind) noexcept {
    return std::ranges::find(kKinds, kind, &KindWords::kind)->code;
}

std::string_view to_string(Severity severity) noexcept {
    return kSeverities.at(static_cast<std::size_t>(severity));
}

std::optional<Severity> severity_from(std::string_view word) noexcept {
    const auto* found = std::ranges::find(kSeverities, word);
    if (found == kSeverities.end()) return std::nullopt;
    return static_cast<Severity>(found - kSeverities.begin());
}

std::optional<bool> is_unlocked(const Event& event) {
    if (event.code != "door.lock_state") return std::nullopt;
    const auto data = nlohmann::json::parse(event.data, nullptr, false);
    if (!data.is_object()) return std::nullopt;
    for (const char* name : {"State", "state"}) {
        const auto found = data.find(name);
        if (found == data.end() || !found->is_string()) continue;
        const auto& state = found->get_ref<const std::string&>();
        if (state == "Unlocked" || state == "unlocked") return true;
        if (state == "Locked" || state == "locked") return false;
    }
    return std::nullopt;
}

UtcTime schedule_from(const Situation& situation, const Evidence& evidence) {
    UtcTime from = evidence.covers.from;
    std::set<std::string_view> heard;
    for (const Event& event : evidence.events) {
        from = std::min(from, time_of(event));
        heard.insert(event.source);
    }
    for (const Situation::ControllerFacts& facts : situation.controllers)
        if (facts.active_since && !heard.contains(facts.controller.source))
            from = std::min(from, *facts.active_since);
    return from;
}

TimeRange window_of(UtcTime from, UtcTime last, std::optional<UtcTime> settled) noexcept {
    const UtcTime to = settled ? std::clamp(*settled, last, last + kLongestSpan) : last;
    return {from - kReach, to + kReach};
}

TimeRange window_behind(UtcTime next) noexcept {
    return {next, next + kReach};
}

TimeRange context_of(const TimeRange& window) noexcept {
    return {window.from - kContext, window.to + kContext};
}

std::vector<TimeRange> merge_windows(std::vector<TimeRange> windows) {
    std::ranges::sort(windows, {}, &TimeRange::from);
    std::vector<TimeRange> joined;
    for (const TimeRange& window : windows) {
        if (!joined.empty() && window.from <= joined.back().to)
            joined.back().to = std::max(joined.back().to, window.to);
        else
            joined.push_back(window);
    }
    std::vector<TimeRange> pieces;
    for (TimeRange rest : joined) {
        for (; rest.length() > kLongestWindow; rest.from += kLongestWindow)
            pieces.push_back({rest.from, rest.from + kLongestWindow});
        pieces.push_back(rest);
    }
    return pieces;
}

namespace detail {

void Bench::add(Alarm alarm, const std::string& anchor) {
    if (now < alarm.at || window.to <= alarm.at || alarm.until.value_or(now) < window.from) return;
    const std::string& subject = alarm.door.empty() ? alarm.source : alarm.door;
    alarm.id = id_of(std::string{to_string(alarm.kind)} + ' ' + subject, anchor);
    alarms.push_back(std::move(alarm));
}

}  // namespace detail

std::vector<Alarm>
derive(const Situation& situation, Evidence evidence, const TimeRange& window, UtcTime now) {
    const detail::Timeline timeline{std::move(evidence.events)};
    detail::Bench bench{situation, timeline, evidence.covers, window, now};
    for (const Situation::DoorFacts& facts : situation.doors)
        detail::judge_door(bench, facts);
    for (const Situation::ControllerFacts& facts : situation.controllers)
        detail::judge_controller(bench, facts);
    std::ranges::sort(bench.alarms, {}, [](const Alarm& alarm) { return std::tuple{alarm.at, alarm.id}; });
    return std::move(bench.alarms);
}

}  // namespace sluice::access
