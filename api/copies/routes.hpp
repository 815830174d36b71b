#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// POST /v1/requests/{id}/copies, GET /v1/copies, GET /v1/copies/{id}, …/{package, receipt}, POST …/declare
void add_copy_routes(Routes& routes);

}  // namespace sluice::api
