#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/jobs: what the worker does. Role operator.
void add_job_routes(Routes& routes);

}  // namespace sluice::api
