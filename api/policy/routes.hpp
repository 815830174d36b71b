#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/policy/versions: the rules as data, proposed by one person and adopted by another (article 12).
void add_policy_routes(Routes& routes);

}  // namespace sluice::api
