#pragma once

#include "api/http/message.hpp"

#include <string>

namespace sluice::api {

/// What a page of ours shows besides the cookie that the browser sends by itself: made of the cookie, which
/// no script can read, so no other site's page can know it. Told at login and by GET /v1/sessions/current.
[[nodiscard]] std::string csrf_token_of(const std::string& cookie);

/// Whether the request changes nothing, or its X-CSRF-Token is this cookie's. Compared in constant time.
[[nodiscard]] bool is_from_own_page(const http::Request& request, const std::string& cookie);

}  // namespace sluice::api
