#include "storage/access/detail/timeline.hpp"

#include <algorithm>
#include <tuple>

namespace sluice::access::detail {
namespace {

auto order_of(const Event& event) {
    return std::tuple{
        time_of(event), std::string_view{event.source}, event.index.value_or(0), std::string_view{event.id}
    };
}

const Timeline::Part& find_part(const std::map<std::string, Timeline::Part>& parts, const std::string& name) {
    static const Timeline::Part none;
    const auto found = parts.find(name);
    return found == parts.end() ? none : found->second;
}

}  // namespace

Timeline::Timeline(std::vector<Event> events) : events_(std::move(events)) {
    std::ranges::sort(events_, {}, order_of);
    for (const Event& event : events_) {
        if (!event.door.empty()) by_door_[event.door].push_back(&event);
        by_source_[event.source].push_back(&event);
    }
}

const Timeline::Part& Timeline::of_door(const std::string& slug) const {
    return find_part(by_door_, slug);
}

const Timeline::Part& Timeline::of_source(const std::string& source) const {
    return find_part(by_source_, source);
}

Expectation::Expectation(const DoorSchedule& schedule) : without_duty_(schedule) {
    for (const ModeOverride& decided : schedule.overrides)
        if (decided.mode == DoorMode::duty_period)
            duty_.push_back({decided.from, decided.to.value_or(UtcTime::max())});
    std::erase_if(without_duty_.overrides, [](const ModeOverride& decided) {
        return decided.mode == DoorMode::duty_period || decided.is_fallback;
    });
}

bool Expectation::is_locked(DoorMode mode) noexcept {
    return mode == DoorMode::controlled || mode == DoorMode::blocked || mode == DoorMode::lockdown;
}

std::vector<TimeRange> Expectation::locked_in(const TimeRange& range) const {
    std::vector<TimeRange> locked;
    for (const ModePeriod& period : periods_in(without_duty_, range)) {
        if (!is_locked(period.is.mode)) continue;
        // Evening and holiday are one time in which nobody should come in.
        if (!locked.empty() && locked.back().to == period.range.from)
            locked.back().to = period.range.to;
        else
            locked.push_back(period.range);
    }
    return locked;
}

std::optional<UtcTime> Expectation::first_locked_in(const TimeRange& range) const {
    constexpr auto piece = std::chrono::hours{24 * 7};
    for (UtcTime from = range.from; from < range.to; from += piece) {
        const auto locked = locked_in({from, std::min(from + piece, range.to)});
        if (!locked.empty()) return locked.front().from;
    }
    return std::nullopt;
}

bool Expectation::is_duty(UtcTime time) const {
    return std::ranges::any_of(duty_, [&](const TimeRange& range) { return range.contains(time); });
}

Severity raised(Severity severity, bool is_raised) noexcept {
    if (!is_raised || severity == Severity::high) return severity;
    return severity == Severity::low ? Severity::medium : Severity::high;
}

}  // namespace sluice::access::detail
