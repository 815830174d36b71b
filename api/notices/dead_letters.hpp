#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/webhooks/dead-letters: what could not be delivered by webhook or e-mail, and another try of it.
void add_dead_letter_routes(Routes& routes);

}  // namespace sluice::api
