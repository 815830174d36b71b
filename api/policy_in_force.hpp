#pragma once

#include "api/route.hpp"
#include "config/policy/policy.hpp"

#include <expected>

namespace sluice::api {

/// The rules as they are at the time of the call. What a case is judged by is its own version: requests.
[[nodiscard]] std::expected<policy::Policy, http::Problem> policy_in_force(const Call& call);

}  // namespace sluice::api
