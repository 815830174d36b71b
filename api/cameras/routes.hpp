#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /v1/cameras, GET /v1/cameras/{slug}
void add_camera_routes(Routes& routes);

}  // namespace sluice::api
