#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /v1/cameras/{slug}/coverage, GET /v1/coverage
void add_coverage_routes(Routes& routes);

}  // namespace sluice::api
