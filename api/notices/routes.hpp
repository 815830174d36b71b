#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/notices: what waits for whoever asks, as a list and as a stream.
void add_notice_routes(Routes& routes);

}  // namespace sluice::api
