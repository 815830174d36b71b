#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /v1/cameras/{slug}/segments
void add_segment_routes(Routes& routes);

}  // namespace sluice::api
