#pragma once

#include "api/route.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

/// A session for {name, password[, totp][, new_password]}. Whoever does not know the password learns nothing
/// from the answer or its time: not whether the account exists, is locked, disabled, or wants a code.
[[nodiscard]] Answer log_in(const Call& call);

/// Beginning, end and CSRF token of a session, as both ways of opening one say it.
struct SessionWords {
    Uuid id;
    std::string principal;
    std::vector<std::string> roles;
    UtcTime expires;
    std::chrono::seconds idle{};
    bool has_second_factor = false;
};
/// 201 with the cookie.
[[nodiscard]] http::Response
session_response(const Call& call, const SessionWords& session, const std::string& cookie);

/// HttpOnly: no script reads it. SameSite=Strict: no other site's page makes a browser send it. Over plain
/// HTTP (a test bench, a proxy that ends TLS) it can't be Secure.
[[nodiscard]] std::string
cookie_header(const http::Request& request, std::string_view value, std::chrono::seconds age);

}  // namespace sluice::api
