#pragma once

#include "storage/access/derive.hpp"
#include "storage/duty/incident_words.hpp"

#include <optional>

namespace sluice::catalogue {

/// What a new alarm makes of itself: an incident that somebody has to deal with, or a notice to the
/// secretariat (an incident has one of its own). Neither: it is in the list and in the weekly report.
struct AlarmCall {
    std::optional<duty::IncidentKind> incident;
    bool has_notice = false;
    friend bool operator==(const AlarmCall&, const AlarmCall&) = default;
};
/// Pure. What became known later than `within_days` calls nobody any more, unless it is a controller that is
/// silent still.
[[nodiscard]] AlarmCall call_of(const access::Alarm& alarm, unsigned within_days, UtcTime now) noexcept;

}  // namespace sluice::catalogue
