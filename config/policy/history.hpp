#pragma once

#include "config/base/time.hpp"
#include "config/policy/policy.hpp"

#include <vector>

namespace sluice::policy {

/// An adopted version and since when it is in force.
struct Version {
    int number = 0;
    UtcTime valid_from;
    Policy policy;
};
/// Adopted versions by valid_from, then number; the first one is in force from the beginning of time.
using History = std::vector<Version>;

/// The version in force at `at`. Pre: the history is not empty.
[[nodiscard]] const Version& in_force(const History& history, UtcTime at);

/// Article 12: a longer floor counts at once, a shorter one only for footage recorded after it came into
/// force. So footage that ended at `recorded_to` keeps the longest floor of all versions that were in force
/// from then until `now`. Pre: the history is not empty.
[[nodiscard]] unsigned floor_days(const History& history, UtcTime recorded_to, UtcTime now);

}  // namespace sluice::policy
