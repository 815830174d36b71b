#pragma once

#include "api/route.hpp"

#include <functional>
#include <string>
#include <vector>

/// What other resources share with requests.
namespace sluice::api::requests {

[[nodiscard]] http::Problem problem(unsigned status, std::string code, std::string detail);
[[nodiscard]] Route request_route(
    const char* method,
    std::string pattern,
    Action action,
    std::vector<std::string> parameters,
    std::function<Answer(const Call&)> handler
);

/// The whole case with its history, no-store, with its revision as ETag.
[[nodiscard]] Answer case_response(const Call& call, const Uuid& id, unsigned status = 200);

}  // namespace sluice::api::requests
