#pragma once

#include "storage/access/detail/timeline.hpp"

namespace sluice::access::detail {

/// What the rules look at and where they put what they find.
struct Bench {
    const Situation& situation;
    const Timeline& timeline;
    TimeRange covers;
    TimeRange window;
    UtcTime now;
    std::vector<Alarm> alarms{};

    /// Keeps the alarm when it has begun by now and touches the window; `anchor` is what makes it this one.
    void add(Alarm alarm, const std::string& anchor);
};

void judge_door(Bench& bench, const Situation::DoorFacts& facts);
void judge_controller(Bench& bench, const Situation::ControllerFacts& facts);

}  // namespace sluice::access::detail
