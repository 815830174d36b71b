#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/duty-periods: special duty periods and the emergency operation centre.
void add_duty_period_routes(Routes& routes);

}  // namespace sluice::api
