#include "storage/access/detail/rules.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/core.h>

namespace sluice::access::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto kReleaseAfter = 2s;  // a release may be written down a moment after the door has moved

constexpr auto kReleases = std::to_array<std::string_view>({
    "access.granted",
    "access.granted_anonymous",
    "access.duress",
    "door.rex",
    "door.remote_open",
    "door.emergency_open",
    "door.fire_release",
});

bool is_release(const Event& event) {
    return std::ranges::find(kReleases, event.code) != kReleases.end();
}

/// One door and its events.
class DoorJudge {
public:
    DoorJudge(Bench& bench, const Situation::DoorFacts& facts)
        : bench_(bench),
          door_(facts.door),
          expectation_(facts.schedule),
          events_(bench.timeline.of_door(facts.door.slug)) {}

    void judge() {
        held_open();
        if (door_.state != InventoryState::active || door_.boundary == Boundary::unplaced) return;
        after_hours_unlocked();
        for (const Event* event : events_) {
            if (event->code == "door.forced_open") forced(*event, "the controller reports it");
            if (event->code == "door.opened") opened(*event);
            if (event->code == "access.granted" || event->code == "access.granted_anonymous") entered(*event);
        }
    }

private:
    [[nodiscard]] Alarm begin(AlarmKind kind, Severity severity, UtcTime at, const Event& event) const {
        return {
            .id = {},
            .kind = kind,
            .severity = raised(severity, expectation_.is_duty(at)),
            .is_after_hours = expectation_.is_locked(at),
            .door = door_.slug,
            .source = event.source,
            .at = at,
            .until = at,  // a moment, until somebody knows better
            .cause = {},
            .events = {id_of(event.source, event.id)},
        };
    }

    [[nodiscard]] std::vector<Span> open_spans() const {
        return spans_of(
            events_,
            [](const Event& event) {
                return event.code == "door.opened" || event.code == "door.forced_open";
            },
            [](const Event& event) { return event.code == "door.closed"; }
        );
    }

    void held_open() {
        for (const Span& span : open_spans()) {
            const UtcTime at = span.from + door_.held_open;
            if (span.to && *span.to <= at) continue;
            const DoorMode mode = expectation_.at(at);
            if (mode == DoorMode::manual || mode == DoorMode::fire_release) continue;
            const bool is_locked = Expectation::is_locked(mode);
            Alarm alarm =
                begin(AlarmKind::held_open, is_locked ? Severity::high : Severity::low, at, *span.first);
            alarm.until = span.to;
            if (span.last != nullptr) alarm.events.push_back(id_of(span.last->source, span.last->id));
            alarm.cause = fmt::format(
                "open for more than {} s {}",
                door_.held_open.count(),
                is_locked ? "after hours" : "in office hours"
            );
            bench_.add(std::move(alarm), to_string(id_of(span.first->source, span.first->id)));
        }
    }

    /// At 18:00 and the grace, and on days off: whatever should be locked and is not. A door that stands open
    /// is none that a lock could hold; one that was opened after hours is judged as that.
    void after_hours_unlocked() {
        const auto unlocked = spans_of(
            events_,
            [](const Event& event) { return is_unlocked(event).value_or(false); },
            [](const Event& event) { return !is_unlocked(event).value_or(true); }
        );
        std::map<UtcTime, Alarm> found;  // by the begin of the time in which it should be locked
        for (const Span& span : unlocked)
            for (const TimeRange& locked : locked_during(span))
                not_locked(span, locked, found);
        for (const Span& span : open_spans())
            for (const TimeRange& locked : locked_during(span))
                if (span.from < locked.from) not_locked(span, locked, found);
        for (auto& [from, alarm] : found)
            bench_.add(std::move(alarm), std::to_string(to_epoch_us(from)));
    }

    /// None for what is too short to be told: most spans are.
    [[nodiscard]] std::vector<TimeRange> locked_during(const Span& span) const {
        if (span.to && *span.to - span.from <= bench_.situation.rules.after_hours_grace) return {};
        return expectation_.locked_in({span.from, seen_until(span)});
    }
    [[nodiscard]] UtcTime seen_until(const Span& span) const {
        return std::min(span.to.value_or(bench_.now), span.from + kLongestSpan);
    }

    void not_locked(const Span& span, const TimeRange& locked, std::map<UtcTime, Alarm>& found) const {
        const UtcTime at = locked.from + bench_.situation.rules.after_hours_grace;
        const bool is_over = span.to || locked.to < seen_until(span);
        if (is_over ? locked.to <= at : locked.to < at) return;
        Alarm alarm = begin(AlarmKind::after_hours_unlocked, Severity::high, at, *span.first);
        alarm.until = is_over ? std::optional{locked.to} : std::nullopt;
        alarm.cause = is_unlocked(*span.first) ? "not locked when it should have been"
                                               : "stood open when it should have been locked";
        const auto [place, is_first] = found.emplace(locked.from, alarm);
        if (is_first || !place->second.until) return;
        place->second.until = alarm.until ? std::max(place->second.until, alarm.until) : std::nullopt;
    }

    void forced(const Event& event, const std::string& how) {
        Alarm alarm = begin(AlarmKind::forced_open, Severity::high, time_of(event), event);
        alarm.cause = "forced open: " + how;
        bench_.add(std::move(alarm), to_string(id_of(event.source, event.id)));
    }

    void opened(const Event& event) {
        const UtcTime at = time_of(event);
        const DoorMode mode = expectation_.at(at);
        if (!Expectation::is_locked(mode)) return;
        if (door_.is_rear) {
            Alarm alarm = begin(AlarmKind::rear_door_open, Severity::high, at, event);
            alarm.cause = "the rear door was opened while it is locked";
            return bench_.add(std::move(alarm), to_string(id_of(event.source, event.id)));
        }
        if (bench_.situation.rules.forced_release > 0s && !is_explained(at))
            forced(event, "opened while it is locked, and nothing had released it");
    }

    /// Something released the door shortly before.
    [[nodiscard]] bool is_explained(UtcTime at) const {
        const auto first = std::ranges::lower_bound(
            events_,
            at - bench_.situation.rules.forced_release,
            {},
            [](const Event* event) { return time_of(*event); }
        );
        for (auto it = first; it != events_.end() && time_of(**it) <= at + kReleaseAfter; ++it)
            if (is_release(**it)) return true;
        return false;
    }

    /// After hours people come in by the main door alone.
    void entered(const Event& event) {
        if (door_.boundary != Boundary::building || door_.is_main || event.direction != Direction::in) return;
        if (!expectation_.is_locked(time_of(event))) return;
        Alarm alarm = begin(AlarmKind::entry_not_main_door, Severity::medium, time_of(event), event);
        alarm.cause = "somebody came in by another door than the main one";
        bench_.add(std::move(alarm), to_string(id_of(event.source, event.id)));
    }

    Bench& bench_;
    const Door& door_;
    Expectation expectation_;
    const Timeline::Part& events_;
};

}  // namespace

void judge_door(Bench& bench, const Situation::DoorFacts& facts) {
    DoorJudge{bench, facts}.judge();
}

}  // namespace sluice::access::detail
