#pragma once

#include "api/route.hpp"

#include <string_view>

namespace sluice::api {

/// /v1/requests: make, change, list and read; the steps of a case; papers, worksheet and consents;
/// /v1/policy/evaluate.
void add_request_routes(Routes& routes);

/// Whether a target takes a file: papers of a request.
[[nodiscard]] bool takes_upload(std::string_view target);

}  // namespace sluice::api
