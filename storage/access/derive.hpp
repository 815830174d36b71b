#pragma once

#include "storage/access/event.hpp"
#include "storage/access/inventory.hpp"
#include "storage/access/schedule.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::access {

/// What follows from events. The spelling is stored and never changes.
enum class AlarmKind : std::uint8_t {
    held_open,
    forced_open,
    after_hours_unlocked,
    rear_door_open,
    entry_not_main_door,
    controller_silent,
    index_gap,
    clock_offset,
};
[[nodiscard]] std::string_view to_string(AlarmKind kind) noexcept;
[[nodiscard]] std::optional<AlarmKind> alarm_kind_from(std::string_view word) noexcept;
/// The event code that says the same: "door.held_open".
[[nodiscard]] std::string_view code_of(AlarmKind kind) noexcept;

enum class Severity : std::uint8_t { low, medium, high };
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;
[[nodiscard]] std::optional<Severity> severity_from(std::string_view word) noexcept;

struct Alarm {
    Uuid id;  ///< of what it is about: derived again it is the same
    AlarmKind kind = AlarmKind::held_open;
    Severity severity = Severity::medium;
    bool is_after_hours = false;     ///< the door should have been locked
    std::string door;                ///< slug; empty: about a controller as a whole
    std::string source;              ///< of the events
    UtcTime at;                      ///< when it began to be one
    std::optional<UtcTime> until{};  ///< `at` for what has no length; nullopt: it still is
    std::string cause;               ///< a sentence, for people
    std::vector<Uuid> events;        ///< id_of of what it rests on
    friend bool operator==(const Alarm&, const Alarm&) = default;
};

/// Numbers of the policy.
struct AlarmRules {
    std::chrono::seconds after_hours_grace{};
    std::chrono::seconds forced_release{
    };  ///< a release this long before an opening explains it; 0: not asked
    unsigned silent_heartbeats = 0;  ///< so many missed ones are a silence
    friend bool operator==(const AlarmRules&, const AlarmRules&) = default;
};

/// What events are judged by.
struct Situation {
    struct DoorFacts {
        Door door;
        DoorSchedule schedule;
        std::optional<UtcTime> active_since{};
    };
    struct ControllerFacts {
        Controller controller;
        std::optional<UtcTime> active_since{};
    };
    std::vector<DoorFacts> doors;
    std::vector<ControllerFacts> controllers;
    AlarmRules rules;
};

/// Events in any order, each once, and the time of which they are all that is known; beyond it they are what
/// stood there last before and first behind.
struct Evidence {
    std::vector<Event> events;
    TimeRange covers;
};

/// The alarms that touch `window`, by time and id. Total and pure: the same evidence gives the same alarms in
/// whatever order it came. Of planned and retired doors and of doors that nobody has placed nothing is
/// concluded but that they stand open.
[[nodiscard]] std::vector<Alarm>
derive(const Situation& situation, Evidence evidence, const TimeRange& window, UtcTime now);

/// From when on the schedules have to be known to judge the evidence.
[[nodiscard]] UtcTime schedule_from(const Situation& situation, const Evidence& evidence);

/// What may change when events of [from, last] come in, and what has to be looked at for that. A door that
/// was left unlocked is an alarm each evening up to the event that moves it next: at `settled` the last of
/// their doors has. The first event of the same source behind them, at `next`, has another predecessor now:
/// what may change there is apart, since it may be far away.
[[nodiscard]] TimeRange window_of(UtcTime from, UtcTime last, std::optional<UtcTime> settled) noexcept;
[[nodiscard]] TimeRange window_behind(UtcTime next) noexcept;
[[nodiscard]] TimeRange context_of(const TimeRange& window) noexcept;
/// Windows that touch become one; those that are longer than a week are cut.
[[nodiscard]] std::vector<TimeRange> merge_windows(std::vector<TimeRange> windows);
/// So many events of a source are looked at beyond the context, on either side.
constexpr std::size_t kNeighbours = 64;
/// So long an unlocked door is looked at.
constexpr auto kLongestSpan = std::chrono::hours{24 * 31};

/// "unlocked" or "locked" of a door.lock_state event; nullopt: it says neither.
[[nodiscard]] std::optional<bool> is_unlocked(const Event& event);

}  // namespace sluice::access
