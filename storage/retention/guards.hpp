#pragma once

#include "config/base/time.hpp"
#include "config/policy/policy.hpp"

#include <optional>
#include <string>
#include <vector>

/// When nothing may be destroyed: pure rules over what was found.
namespace sluice::retention {

/// What the operator has looked at and confirms.
struct Consent {
    bool plan = false;   ///< that the plan is large
    bool clock = false;  ///< that the clock is right; an act of its own
};

struct Refusal {
    std::string code;    ///< stable
    std::string detail;  ///< what was found and what cures it
    friend bool operator==(const Refusal&, const Refusal&) = default;
};

struct GuardFacts {
    UtcTime now;
    bool is_confirmed = true;                  ///< the catalogue
    std::optional<UtcTime> newest_record;      ///< of the audit log
    std::optional<UtcTime> newest_footage;     ///< end of the newest finished segment
    std::optional<bool> is_synchronised;       ///< what the kernel says of the host's clock now
    std::optional<UtcTime> last_synchronised;  ///< when it last said yes
    bool recorder_lives = false;
    int schema = 0;           ///< of the database
    int required_schema = 0;  ///< of this program
};

/// Everything that stands against destroying anything now; empty: nothing. Codes: DATABASE_NOT_MIGRATED,
/// CATALOGUE_UNCONFIRMED, CLOCK_BEFORE_LEDGER, CLOCK_UNSYNCHRONISED, CLOCK_DOUBTFUL; consent cures the last
/// two.
[[nodiscard]] std::vector<Refusal>
find_refusals(const GuardFacts& facts, const policy::ClockLimits& limits, const Consent& consent);

/// PLAN_TOO_LARGE: more than so many percent of all footage, in time.
[[nodiscard]] std::optional<Refusal>
judge_size(Microseconds planned, Microseconds footage, unsigned guard_percent, const Consent& consent);

}  // namespace sluice::retention
