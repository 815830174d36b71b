#pragma once

#include "api/route.hpp"
#include "storage/release/case.hpp"

#include <expected>
#include <string>

/// What other resources share with requests.
namespace sluice::api::requests {

/// The whole case with its history, no-store, with its revision as ETag.
[[nodiscard]] Answer case_response(const Call& call, const Uuid& id, unsigned status = 200);

/// What there is of the footage that it asks for, camera by camera, and to which frames the asked times
/// resolve: as JSON, as things are now.
[[nodiscard]] std::expected<std::string, http::Problem>
screening_of(const Call& call, const release::Case& request);

}  // namespace sluice::api::requests
