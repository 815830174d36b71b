#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /v1/ledger/checkpoint, /v1/ledger/key, /v1/ledger/tile/…, /v1/ledger/records; POST
/// /v1/ledger/cosignatures.
void add_ledger_routes(Routes& routes);

}  // namespace sluice::api
