#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/calendar: the office calendar that deadlines run on, its imports and what was decided against it.
void add_calendar_routes(Routes& routes);

}  // namespace sluice::api
