#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/incidents: what went wrong, from its detection to its end.
void add_incident_routes(Routes& routes);

}  // namespace sluice::api
