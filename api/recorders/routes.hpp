#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// Recorders with what they tell of themselves, what was done at them, and the power they run on.
void add_recorder_routes(Routes& routes);

}  // namespace sluice::api
