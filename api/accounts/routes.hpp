#pragma once

#include "api/route.hpp"

namespace sluice::api {

void add_account_routes(Routes& routes);
/// Delegations and approvals to see live.
void add_power_routes(Routes& routes);

}  // namespace sluice::api
