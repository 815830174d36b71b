#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/holds: place (and look what it would keep), list, read, extend, release.
void add_hold_routes(Routes& routes);

}  // namespace sluice::api
