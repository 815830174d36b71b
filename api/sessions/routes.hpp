#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// POST /v1/sessions, DELETE /v1/sessions/current
void add_session_routes(Routes& routes);

}  // namespace sluice::api
