#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/dossiers/{number}: everything of a case; /v1/register: its entries, and its printed lines as CSV.
void add_dossier_routes(Routes& routes);

}  // namespace sluice::api
