#include "api/sessions/routes.hpp"

#include "api/acts.hpp"
#include "api/session_ends.hpp"
#include "config/base/log.hpp"
#include "config/base/token.hpp"
#include "storage/catalogue/session_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

/// HttpOnly: no script reads it. SameSite=Strict: no other site's page makes a browser send it. Over plain
/// HTTP (a test bench, a proxy that ends TLS) it can't be Secure.
std::string cookie_header(const http::Request& request, std::string_view value, std::chrono::seconds age) {
    std::string header{kSessionCookie};
    header.append("=").append(value).append("; Path=/; Max-Age=").append(std::to_string(age.count()));
    header += "; HttpOnly; SameSite=Strict";
    if (request.is_tls) header += "; Secure";
    return header;
}

ledger::Act session_act(const Call& call, const char* action, const Uuid& session) {
    const json facts{{"peer", call.request.peer}, {"request", call.request.id}};
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "session", .id = to_string(session)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

Answer open_session(const Call& call) {
    const auto token = find_token(call.request);
    const std::string cookie = make_token();
    const catalogue::NewSession session{
        .id = make_uuid_v7(call.now),
        .cookie_hash = token_hash(cookie),
        .token_hash = token_hash(*token),
        .opened = call.now,
        .longest = kSessionLongest,
        .idle = kSessionIdle,
    };
    const auto expires = catalogue::open_session(
        call.services.database.pool(), session, session_act(call, "session.opened", session.id)
    );
    if (!expires) return std::unexpected(act_problem(expires.error()));
    if (!*expires)
        return std::unexpected(http::Problem{
            .status = 401,
            .code = "UNAUTHENTICATED",
            .detail = "The token is unknown, revoked or out of its time.",
            .retry_after = std::nullopt
        });
    log::info(
        "session_opened",
        {{"session", to_string(session.id)},
         {"principal", call.principal->name},
         {"peer", call.request.peer},
         {"expires", to_rfc3339(**expires)}}
    );
    const json body{
        {"id", to_string(session.id)},
        {"principal", call.principal->name},
        {"roles", call.principal->roles},
        {"expires", to_rfc3339(**expires)},
        {"idle_seconds", kSessionIdle.count()},
    };
    http::Response response = json_response(body.dump(-1, ' ', false, json::error_handler_t::replace));
    response.status = 201;
    const auto age = std::chrono::ceil<std::chrono::seconds>(**expires - call.now);
    response.set("Set-Cookie", cookie_header(call.request, cookie, age));
    return response;
}

Answer close_session(const Call& call) {
    const auto cookie = find_cookie(call.request);
    const http::Problem none{
        .status = 404,
        .code = "SESSION_NOT_FOUND",
        .detail = "The request has no cookie of an open session.",
        .retry_after = std::nullopt
    };
    if (!cookie) return std::unexpected(none);
    const auto ended = catalogue::close_session(
        call.services.database.pool(), token_hash(*cookie), session_act(call, "session.closed", {}), call.now
    );
    if (!ended) return std::unexpected(act_problem(ended.error()));
    call.services.sessions.forget(*cookie);
    if (!*ended) return std::unexpected(none);
    log::info(
        "session_ended",
        {{"session", to_string((*ended)->id)},
         {"principal", (*ended)->principal},
         {"peer", call.request.peer},
         {"reason", (*ended)->reason},
         {"at", to_rfc3339((*ended)->ended)}}
    );
    http::Response response;
    response.status = 204;
    response.set("Set-Cookie", cookie_header(call.request, "", std::chrono::seconds{0}));
    return response;
}

}  // namespace

void add_session_routes(Routes& routes) {
    routes.push_back(
        {.method = "POST",
         .pattern = "/v1/sessions",
         .action = Action::open_session,
         .takes_cookie = false,
         .is_cacheable = false,
         .parameters = {},
         .handler = open_session}
    );
    routes.push_back(
        {.method = "DELETE",
         .pattern = "/v1/sessions/current",
         .action = Action::close_session,
         .is_cacheable = false,
         .parameters = {},
         .handler = close_session}
    );
}

}  // namespace sluice::api
