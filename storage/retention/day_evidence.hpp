#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/duty/inspection.hpp"

#include <string>

/// What the machine saw of a day, beside the ticks of the inspection sheet; and of a test of the UPS.
namespace sluice::retention {

/// Of the cameras in use and the controllers of which something is expected. What was switched off on purpose
/// is not missing. `range`: in the past, a day at most by custom.
[[nodiscard]] Result<duty::Evidence>
load_evidence_of(catalogue::Pool& pool, const TimeRange& range, UtcTime now);

/// JSON object.
[[nodiscard]] std::string to_json(const duty::Evidence& evidence);

}  // namespace sluice::retention
