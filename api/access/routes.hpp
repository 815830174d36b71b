#pragma once

#include "api/route.hpp"

#include <string_view>

namespace sluice::api {

/// /v1/access: events at the doors as they come in and as they are asked for, what follows from them, and the
/// weekly report.
void add_access_routes(Routes& routes);

/// Where batches of events and exports are posted to, which are longer than other bodies.
[[nodiscard]] bool takes_access_upload(std::string_view target);

}  // namespace sluice::api
