#pragma once

#include "storage/access/derive.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace sluice::access::detail {

/// Events by time; of one time by source, running number and id, so that there is one order.
class Timeline {
public:
    explicit Timeline(std::vector<Event> events);
    using Part = std::vector<const Event*>;

    [[nodiscard]] const Part& of_door(const std::string& slug) const;
    [[nodiscard]] const Part& of_source(const std::string& source) const;

private:
    std::vector<Event> events_;
    std::map<std::string, Part> by_door_;
    std::map<std::string, Part> by_source_;
};

/// A time in which something lasted; without `to` it still does.
struct Span {
    UtcTime from;
    std::optional<UtcTime> to;
    const Event* first = nullptr;
    const Event* last = nullptr;
};
/// From an event that `begins` to the next one that `ends`; repetitions in between are part of it.
template <class Begins, class Ends>
std::vector<Span> spans_of(const Timeline::Part& events, Begins begins, Ends ends) {
    std::vector<Span> spans;
    bool is_on = false;
    for (const Event* event : events) {
        if (!is_on && begins(*event)) {
            spans.push_back({.from = time_of(*event), .to = {}, .first = event, .last = nullptr});
            is_on = true;
        } else if (is_on && ends(*event)) {
            spans.back().to = time_of(*event);
            spans.back().last = event;
            is_on = false;
        }
    }
    return spans;
}

/// What a door should be at an instant. A duty period changes how much things weigh, not how the door stands;
/// the fallback of a silent controller follows from alarms and changes none.
class Expectation {
public:
    explicit Expectation(const DoorSchedule& schedule);

    [[nodiscard]] DoorMode at(UtcTime time) const { return mode_at(without_duty_, time).mode; }
    [[nodiscard]] bool is_locked(UtcTime time) const { return is_locked(at(time)); }
    [[nodiscard]] static bool is_locked(DoorMode mode) noexcept;
    /// Where the range and times in which it should be locked overlap.
    [[nodiscard]] std::vector<TimeRange> locked_in(const TimeRange& range) const;
    /// The first instant of the range at which it should be locked; the range may be years long.
    [[nodiscard]] std::optional<UtcTime> first_locked_in(const TimeRange& range) const;
    [[nodiscard]] bool is_duty(UtcTime time) const;

private:
    DoorSchedule without_duty_;
    std::vector<TimeRange> duty_;
};

[[nodiscard]] Severity raised(Severity severity, bool is_raised) noexcept;

}  // namespace sluice::access::detail
