#pragma once

#include "api/authorize.hpp"
#include "api/http/message.hpp"
#include "api/http/problem.hpp"
#include "api/parameters.hpp"
#include "api/services.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::api {

/// In which role the route's own action is done: as the route was allowed, or as it was asked about the thing
/// itself since.
struct Acting {
    Action action = Action::read_health;
    std::optional<Role> role;
};

/// One request on its way through a handler. References outlive the call.
struct Call {
    const http::Request& request;
    std::vector<std::string> variables;  ///< values of the pattern's {…}
    Parameters parameters;
    const catalogue::PrincipalRow* principal = nullptr;  ///< null on open routes
    Services& services;
    UtcTime now;
    Standing standing{};       ///< of the principal, now
    Acting* acting = nullptr;  ///< outlives the call; null: nobody wants to know
};

using Answer = std::expected<http::Response, http::Problem>;

struct Route {
    std::string method;
    std::string pattern;
    Action action = Action::read_health;
    bool needs_database = true;  ///< false: answers, and is asked for its token, without it
    bool takes_cookie = true;    ///< a session is enough; else a token is asked for
    /// Of a viewing session, named by the first variable: its viewer's token opens it, as a visitor.
    bool takes_viewing_token = false;
    bool takes_nobody = false;  ///< who shows neither token nor cookie comes as a visitor, to show a code
    bool is_cacheable = true;   ///< gets an ETag of its content and 304 for it
    std::vector<std::string> parameters;  ///< query parameters it knows; any other is refused
    std::function<Answer(const Call&)> handler;
};
using Routes = std::vector<Route>;
/// One whose answers are made anew each time: without an ETag of their content.
[[nodiscard]] Route make_route(
    std::string method,
    std::string pattern,
    Action action,
    std::vector<std::string> parameters,
    std::function<Answer(const Call&)> handler
);

using http::problem;

/// application/json, private and revalidated.
[[nodiscard]] http::Response json_response(std::string json);

/// What a failure below means at the edge: retry → 503 with Retry-After, anything else → 500; the log has the
/// rest.
[[nodiscard]] http::Problem to_problem(const Error& error);

/// The problem that tells it: 401, 403, or 409 for what is granted and not there.
[[nodiscard]] http::Problem refusal_of(const Decision& decision);
/// The same unless `authorize` allows it. Every footage route asks with what it is about to give out. Of the
/// route's own action it keeps the role in which it is done.
[[nodiscard]] std::expected<void, http::Problem>
permit(const Call& call, Action action, const Subject& subject);

/// 404 CAMERA_NOT_FOUND.
[[nodiscard]] http::Problem camera_not_found();
/// The camera named by the first variable. 404 CAMERA_NOT_FOUND.
[[nodiscard]] std::expected<catalogue::CameraRow, http::Problem> get_camera(const Call& call);
/// Its stream named by `stream=main|sub`, main when it is left out. 404 STREAM_NOT_FOUND.
[[nodiscard]] std::expected<catalogue::StreamRow, http::Problem>
get_stream(const Call& call, const catalogue::CameraRow& camera);

}  // namespace sluice::api
