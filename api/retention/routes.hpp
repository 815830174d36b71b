#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/retention: purges and their certificates, forecast, planner, coverage report. Role operator.
void add_retention_routes(Routes& routes);

}  // namespace sluice::api
