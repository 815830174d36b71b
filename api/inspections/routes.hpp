#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/inspections and /v1/inspection-months: the daily sheet, and its printed month.
void add_inspection_routes(Routes& routes);

}  // namespace sluice::api
