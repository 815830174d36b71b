#pragma once

#include "api/route.hpp"

/// What other resources share with requests.
namespace sluice::api::requests {

/// The whole case with its history, no-store, with its revision as ETag.
[[nodiscard]] Answer case_response(const Call& call, const Uuid& id, unsigned status = 200);

}  // namespace sluice::api::requests
