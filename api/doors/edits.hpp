#pragma once

#include "api/route.hpp"

#include <expected>
#include <string>

/// What the resources of doors have in common over HTTP.
namespace sluice::api {

/// JSON, never cached: the next call may change it.
[[nodiscard]] http::Response changing_response(unsigned status, std::string json);
/// The same with the revision as ETag.
[[nodiscard]] http::Response edited_response(unsigned status, int revision, std::string json);
/// {"items":[…],"next":…} of rows that are JSON already; `next` is a cursor or empty.
[[nodiscard]] http::Response list_response(const std::vector<std::string>& items, const std::string& next);

/// An edit names the revision it has seen, so that it undoes nobody else's. 428 IF_MATCH_NEEDED, 412
/// `changed`.
[[nodiscard]] std::expected<void, http::Problem>
check_match(const Call& call, int revision, const char* changed);

/// The door, controller, … named by the slug variable is none. 404.
[[nodiscard]] std::unexpected<http::Problem> no_such(const char* code, const char* detail);

}  // namespace sluice::api
