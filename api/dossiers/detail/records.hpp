#pragma once

#include "api/route.hpp"

namespace sluice::api::dossiers {

/// /v1/dossiers and /v1/dossiers/{number}/destroy.
void add_record_routes(Routes& routes);

}  // namespace sluice::api::dossiers
