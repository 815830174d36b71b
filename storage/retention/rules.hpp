#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// When footage may go, must go and must stay: pure rules over values. Numbers come from the policy.
namespace sluice::retention {

/// What the rules need to know of a segment: a value, no handles.
struct SegmentFacts {
    Uuid id;
    Uuid camera_id;
    Uuid volume_id;
    TimeRange range;  ///< of the footage; the floor counts from its end, the ceiling from its start
    std::uint64_t bytes = 0;
};

/// An active hold. A hold protects every whole segment that its interval touches, of the cameras it names.
struct HoldFacts {
    Uuid id;
    std::vector<Uuid> camera_ids;
    TimeRange interval;             ///< half-open; may reach into the future
    bool outlives_ceiling = false;  ///< legal or judicial, with a statute or a case number
};

/// A floor and the moment from which it was in force.
struct FloorStep {
    UtcTime valid_from;
    std::chrono::days floor{30};
};

struct Limits {
    std::vector<FloorStep> floors;  ///< by time; empty: nothing may ever go
    int ceiling_years = 1;
    std::optional<std::chrono::days> keep{};  ///< rolling window; nullopt: as long as the disk holds
};

/// Why a segment stays or goes; the spelling is stored and never changes.
enum class Rule {
    floor,         ///< stays: younger than the floor
    window,        ///< stays inside the rolling window, goes behind it
    capacity,      ///< stays: nothing but room limits it
    hold,          ///< stays: an active hold touches it
    ceiling,       ///< goes: a year is over
    space,         ///< goes: the oldest above the floor, for room
    breach_floor,  ///< goes below the floor: the last resort, and an incident names it
    other_volume,  ///< stays: its volume is not there, or is not the one it should be
};
[[nodiscard]] std::string_view to_string(Rule rule) noexcept;
[[nodiscard]] std::optional<Rule> rule_from(std::string_view word) noexcept;

struct Decision {
    bool is_destroyed = false;
    Rule rule = Rule::floor;
    std::vector<Uuid> holds{};  ///< all that touch it: releasing one leaves the others
    friend bool operator==(const Decision&, const Decision&) = default;
};

/// Art. 7(5): from when on footage that began at `from` must be gone: 00:00 in Asia/Taipei of the day before
/// the anniversary of its day there. A day that the later year lacks (29 February) is the last of its month.
[[nodiscard]] UtcTime destroy_by(UtcTime from, int years) noexcept;

/// Art. 7(3): the floor that binds footage recorded from `from` on. Raising it works at once, lowering it
/// only for footage recorded afterwards: so it is the highest of those in force since. nullopt: none was ever
/// in force, and nothing may go.
[[nodiscard]] std::optional<std::chrono::days>
floor_of(UtcTime from, std::span<const FloorStep> floors, UtcTime now) noexcept;

/// The hold's interval touches the segment, and it names the camera.
[[nodiscard]] bool touches(const HoldFacts& hold, const SegmentFacts& segment) noexcept;

/// Total: every input has a decision. `holds` may hold others, which don't touch the segment.
[[nodiscard]] Decision decide(
    const SegmentFacts& segment,
    std::span<const HoldFacts* const> holds,
    const Limits& limits,
    UtcTime now
);

/// Footage that began later than this stays under every rule but want of room: a plan need not look at it.
[[nodiscard]] UtcTime latest_start_that_may_go(const Limits& limits, UtcTime now) noexcept;

}  // namespace sluice::retention
