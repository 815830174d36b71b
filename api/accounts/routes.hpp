#pragma once

#include "api/route.hpp"

namespace sluice::api {

void add_account_routes(Routes& routes);
/// Delegations and approvals to see live.
void add_power_routes(Routes& routes);

/// /v1/accounts/me/…: what opens the own account.
void add_own_account_routes(Routes& routes);

}  // namespace sluice::api
