#include "config/policy/history.hpp"

#include <algorithm>

namespace sluice::policy {

const Version& in_force(const History& history, UtcTime at) {
    const auto later = std::ranges::upper_bound(history, at, {}, &Version::valid_from);
    return later == history.begin() ? history.front() : *std::prev(later);
}

unsigned floor_days(const History& history, UtcTime recorded_to, UtcTime now) {
    unsigned longest = in_force(history, recorded_to).policy.floor_days;
    for (const Version& version : history)
        if (version.valid_from > recorded_to && version.valid_from <= now)
            longest = std::max(longest, version.policy.floor_days);
    return longest;
}

}  // namespace sluice::policy
