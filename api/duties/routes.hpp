#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/duties: what recurs, its turns and what is overdue.
void add_duty_routes(Routes& routes);
/// /v1/follow-ups, /v1/repairs and /v1/assets.
void add_house_routes(Routes& routes);

}  // namespace sluice::api
