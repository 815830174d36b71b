#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /healthz, /readyz, /metrics, /v1/openapi.yaml
void add_system_routes(Routes& routes);

}  // namespace sluice::api
