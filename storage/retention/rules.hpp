#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/policy/history.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// When footage may go, must go and must stay: pure rules over values. Numbers come from the policy.
namespace sluice::retention {

/// How footage came that was not recorded here. A clip is judged as a whole, with all that was made of it.
struct Receipt {
    UtcTime received;          ///< custody began
    TimeRange clip;            ///< what the whole clip shows
    bool is_original = false;  ///< the received file itself, and no segment made of it
};

/// What the rules need to know of a segment, or of a received file: a value, no handles.
struct SegmentFacts {
    Uuid id;
    Uuid camera_id;
    Uuid volume_id;
    TimeRange range;  ///< of the footage; the floor counts from its end, the ceiling from its start
    std::uint64_t bytes = 0;
    std::optional<Receipt> receipt{};  ///< its floor counts from the receipt, its ceiling from the recording

    /// What is judged: the footage, or the whole clip that it came in.
    [[nodiscard]] TimeRange judged() const noexcept { return receipt ? receipt->clip : range; }
    /// From when on the floor counts.
    [[nodiscard]] UtcTime kept_since() const noexcept {
        return receipt ? std::max(receipt->received, receipt->clip.to) : range.to;
    }
    /// When it came under the rules.
    [[nodiscard]] UtcTime taken() const noexcept {
        return receipt ? std::max(receipt->received, receipt->clip.from) : range.from;
    }
};

/// An active hold. A hold protects every whole segment that its interval touches, of the cameras it names.
struct HoldFacts {
    Uuid id;
    std::vector<Uuid> camera_ids;
    TimeRange interval;             ///< half-open; may reach into the future
    bool outlives_ceiling = false;  ///< legal or judicial, with a statute or a case number
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
    /// All that touch it: releasing one leaves the others.
    std::vector<Uuid> holds{};
    friend bool operator==(const Decision&, const Decision&) = default;
};

/// Art. 7(5): from when on footage that began at `from` must be gone: 00:00 in Asia/Taipei of the day before
/// the anniversary of its day there. A day that the later year lacks (29 February) is the last of its month.
[[nodiscard]] UtcTime destroy_by(UtcTime from, int years) noexcept;

/// The hold's interval touches the segment, and it names the camera.
[[nodiscard]] bool touches(const HoldFacts& hold, const SegmentFacts& segment) noexcept;

/// Total: every input has a decision, and without any policy nothing goes. `holds` may hold others, which
/// don't touch the segment. The floor is the longest since the segment began (art. 12), all else is the
/// policy in force now. The ceiling ends the floor: footage that was old when it came goes at its year.
[[nodiscard]] Decision decide(
    const SegmentFacts& segment,
    std::span<const HoldFacts* const> holds,
    const policy::History& history,
    UtcTime now
);

/// Footage that began later than this stays under every rule but want of room: a plan need not look at it.
[[nodiscard]] UtcTime latest_start_that_may_go(const policy::History& history, UtcTime now) noexcept;

}  // namespace sluice::retention
