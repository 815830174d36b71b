#pragma once

#include "api/http/problem.hpp"

#include <string>
#include <string_view>

namespace sluice::api {

/// A problem of the rules' codes (storage/release/codes): status, article and what cures it.
[[nodiscard]] http::Problem rule_problem(std::string_view code, std::string detail);

}  // namespace sluice::api
