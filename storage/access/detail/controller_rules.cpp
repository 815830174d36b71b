#include "storage/access/detail/rules.hpp"
#include "storage/calendar/date.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

namespace sluice::access::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto kOutOfOrder = 12h;  // so late in the order of time a running number may still come

/// One controller and its events.
class ControllerJudge {
public:
    ControllerJudge(Bench& bench, const Situation::ControllerFacts& facts)
        : bench_(bench),
          controller_(facts.controller),
          active_since_(facts.active_since),
          events_(bench.timeline.of_source(facts.controller.source)) {
        for (const Situation::DoorFacts& door : bench.situation.doors) {
            if (door.door.controller_id != controller_.id || door.door.state != InventoryState::active)
                continue;
            doors_.emplace_back(door.schedule);
            if (door.active_since && (!first_door_ || *door.active_since < *first_door_))
                first_door_ = door.active_since;
        }
    }

    void judge() {
        silent();
        gaps();
        clock_ahead();
        clock_behind();
    }

private:
    [[nodiscard]] Alarm begin(AlarmKind kind, Severity severity, UtcTime at) const {
        const bool is_duty =
            std::ranges::any_of(doors_, [&](const Expectation& door) { return door.is_duty(at); });
        return {
            .id = {},
            .kind = kind,
            .severity = raised(severity, is_duty),
            .is_after_hours =
                std::ranges::any_of(doors_, [&](const Expectation& door) { return door.is_locked(at); }),
            .door = {},
            .source = controller_.source,
            .at = at,
            .until = at,  // a moment, until somebody knows better
            .cause = {},
            .events = {},
        };
    }
    [[nodiscard]] Alarm begin(AlarmKind kind, Severity severity, UtcTime at, const Event& event) const {
        Alarm alarm = begin(kind, severity, at);
        alarm.events = {id_of(event.source, event.id)};
        return alarm;
    }

    /// A silence counts from the moment on at which one of its doors should be locked. `last`: what was heard
    /// before it; null: nothing ever was.
    void silence(UtcTime from, std::optional<UtcTime> to, const Event* last, const std::string& cause) {
        const TimeRange range{from, to.value_or(bench_.now)};
        std::optional<UtcTime> at;
        for (const Expectation& door : doors_) {
            const auto locked = door.first_locked_in(range);
            if (locked && (!at || *locked < *at)) at = locked;
        }
        if (!at) return;
        Alarm alarm = last != nullptr ? begin(AlarmKind::controller_silent, Severity::high, *at, *last)
                                      : begin(AlarmKind::controller_silent, Severity::high, *at);
        alarm.until = to;
        alarm.cause = cause;
        // One that was put away and is used again is missed anew.
        const std::string anchor = last != nullptr ? to_string(id_of(last->source, last->id))
                                                   : "never since " + to_rfc3339(*active_since_);
        bench_.add(std::move(alarm), anchor);
    }

    void silent() {
        const auto spans = spans_of(
            events_,
            [](const Event& event) { return event.code == "acs.controller_offline"; },
            [](const Event& event) { return event.code != "acs.controller_offline"; }
        );
        for (const Span& span : spans)
            silence(span.from, span.to, span.first, "the controller is reported to be offline");
        if (!controller_.heartbeat || bench_.situation.rules.silent_heartbeats == 0) return;
        const auto patience = *controller_.heartbeat * bench_.situation.rules.silent_heartbeats;
        never_heard(patience);
        for (std::size_t i = 0; i < events_.size(); ++i) {
            if (events_[i]->code == "acs.controller_offline") continue;
            const UtcTime from = time_of(*events_[i]) + patience;
            const std::optional<UtcTime> to =
                i + 1 < events_.size() ? std::optional{time_of(*events_[i + 1])} : std::nullopt;
            if (from < to.value_or(bench_.now))
                silence(from, to, events_[i], fmt::format("silent for more than {} s", patience.count()));
        }
    }

    /// Waited for since it has been active, and a door of it. Events that are forgotten, or far before what
    /// is looked at, are no matter: what came behind them ends such an alarm before the window begins.
    void never_heard(std::chrono::seconds patience) {
        if (!active_since_ || !first_door_) return;
        const UtcTime from = std::max(*active_since_, *first_door_) + patience;
        const std::optional<UtcTime> to =
            events_.empty() ? std::nullopt : std::optional{time_of(*events_.front())};
        if (from < to.value_or(bench_.now))
            silence(from, to, nullptr, "nothing is known to have been heard of it since it has been in use");
    }

    void gaps() {
        Timeline::Part numbered;
        std::ranges::copy_if(events_, std::back_inserter(numbered), [](const Event* event) {
            return event->index.has_value();
        });
        for (std::size_t i = 1; i < numbered.size(); ++i) {
            const std::uint64_t before = *numbered[i - 1]->index;
            const std::uint64_t here = *numbered[i]->index;
            if (here <= before + 1) continue;  // in order, out of order, or begun anew
            const std::uint64_t missing = here - before - 1 - found_nearby(numbered, i, before, here);
            if (missing == 0) continue;
            Alarm alarm = begin(AlarmKind::index_gap, Severity::medium, time_of(*numbered[i]), *numbered[i]);
            alarm.events.push_back(id_of(numbered[i - 1]->source, numbered[i - 1]->id));
            alarm.cause = fmt::format("{} events between {} and {} are missing", missing, before, here);
            bench_.add(std::move(alarm), fmt::format("{} {}", before, here));
        }
    }

    /// How many of the numbers between the two came a little earlier or later in the order of time.
    static std::uint64_t
    found_nearby(const Timeline::Part& numbered, std::size_t place, std::uint64_t low, std::uint64_t high) {
        std::set<std::uint64_t> found;
        const auto note = [&](const Event& event) {
            if (low < *event.index && *event.index < high) found.insert(*event.index);
        };
        for (std::size_t i = place > kNeighbours ? place - kNeighbours : 0; i < place; ++i)
            note(*numbered[i]);
        for (std::size_t i = place + 1; i < std::min(place + kNeighbours, numbered.size()); ++i)
            if (time_of(*numbered[i]) < time_of(*numbered[place]) + kOutOfOrder) note(*numbered[i]);
        return found.size();
    }

    /// Nobody can tell what is still to happen: once a day.
    void clock_ahead() {
        std::set<calendar::Date> told;
        for (const Event* event : events_) {
            if (!event->device_time) continue;
            const auto ahead = *event->device_time - event->received;
            const bool is_wild = !is_time_plausible(*event->device_time, event->received);
            if (!is_wild && ahead <= controller_.clock_tolerance) continue;
            const calendar::Date date = calendar::taipei_date(time_of(*event));
            if (!told.insert(date).second) continue;
            Alarm alarm = begin(AlarmKind::clock_offset, Severity::medium, time_of(*event), *event);
            alarm.cause = is_wild ? "the controller's clock says " + to_rfc3339(*event->device_time)
                                  : fmt::format(
                                        "the controller's clock is {} s ahead",
                                        std::chrono::duration_cast<std::chrono::seconds>(ahead).count()
                                    );
            bench_.add(std::move(alarm), "ahead " + calendar::to_iso(date));
        }
    }

    /// Whoever sends at once and is late with every event of a day has a slow clock, or no way to us. Judged
    /// when the day is over and all of it is known.
    void clock_behind() {
        if (controller_.kind == ControllerKind::csv_import || controller_.kind == ControllerKind::unknown)
            return;
        struct Day {
            Microseconds least = Microseconds::max();
            const Event* event = nullptr;
        };
        std::map<calendar::Date, Day> by_date;
        for (const Event* event : events_) {
            if (!event->device_time || !is_time_plausible(*event->device_time, event->received)) continue;
            Day& day = by_date[calendar::taipei_date(time_of(*event))];
            const Microseconds lag = event->received - *event->device_time;
            if (lag < day.least) day = {lag, event};
        }
        for (const auto& [date, day] : by_date) {
            const UtcTime end = calendar::start_of(date + calendar::days{1});
            if (calendar::start_of(date) < bench_.covers.from || bench_.covers.to < end || bench_.now < end)
                continue;
            if (day.least <= controller_.clock_tolerance) continue;
            Alarm alarm = begin(AlarmKind::clock_offset, Severity::low, end, *day.event);
            alarm.cause = fmt::format(
                "every event of {} came at least {} s late: a slow clock, or a delay on the way",
                calendar::to_iso(date),
                std::chrono::duration_cast<std::chrono::seconds>(day.least).count()
            );
            bench_.add(std::move(alarm), "behind " + calendar::to_iso(date));
        }
    }

    Bench& bench_;
    const Controller& controller_;
    std::optional<UtcTime> active_since_;
    std::optional<UtcTime> first_door_;  ///< of its doors in use, the one that has been so longest
    const Timeline::Part& events_;
    std::vector<Expectation> doors_;
};

}  // namespace

void judge_controller(Bench& bench, const Situation::ControllerFacts& facts) {
    if (facts.controller.source.empty() || facts.controller.state != InventoryState::active) return;
    ControllerJudge{bench, facts}.judge();
}

}  // namespace sluice::access::detail
