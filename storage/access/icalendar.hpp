#pragma once

#include "storage/access/schedule.hpp"

#include <string>
#include <vector>

namespace sluice::access {

/// A door's schedule as RFC 5545: one VEVENT a period, times in UTC, CRLF, lines folded at 75 octets between
/// letters. A period's UID stays the same as long as its begin does. Pure.
[[nodiscard]] std::string to_icalendar(
    const std::string& slug,
    const std::string& name,
    const std::vector<ModePeriod>& periods,
    UtcTime now
);

}  // namespace sluice::access
