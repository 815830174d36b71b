#pragma once

#include "api/route.hpp"

#include <string_view>

namespace sluice::api {

/// /v1/integrations/huimin: cameras, heartbeat and clips of the contractor's machine, and what the house
/// decides and looks after.
void add_huimin_routes(Routes& routes);

/// Where a part of a clip is PUT: longer than other bodies.
[[nodiscard]] bool takes_clip_part(std::string_view target);

}  // namespace sluice::api
