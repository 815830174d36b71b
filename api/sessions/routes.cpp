#include "api/sessions/routes.hpp"

#include "api/acts.hpp"
#include "api/csrf.hpp"
#include "api/sessions/login.hpp"
#include "api/sessions/password.hpp"
#include "config/base/log.hpp"
#include "config/base/token.hpp"
#include "storage/catalogue/session_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

ledger::Act session_act(const Call& call, const char* action, const Uuid& session) {
    const json facts{{"peer", call.request.peer}, {"request", call.request.id}};
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "session", .id = to_string(session)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

Answer exchange_token(const Call& call) {
    const auto rules = login_rules(call);
    if (!rules) return std::unexpected(rules.error());
    const auto token = find_token(call.request);
    const std::string cookie = make_token();
    const catalogue::NewSession session{
        .id = make_uuid_v7(call.now),
        .cookie_hash = token_hash(cookie),
        .token_hash = token_hash(*token),
        .opened = call.now,
        .longest = rules->session_longest,
        .idle = rules->session_idle,
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
    return session_response(
        call,
        {.id = session.id,
         .principal = call.principal->name,
         .roles = call.principal->roles,
         .expires = **expires,
         .idle = session.idle},
        cookie
    );
}

/// By token, or by name and password. A cookie opens none: each login is a session of its own.
Answer open_session(const Call& call) {
    if (call.principal != nullptr) return exchange_token(call);
    if (!call.request.body.empty()) return log_in(call);
    return std::unexpected(http::Problem{
        .status = 401,
        .code = "UNAUTHENTICATED",
        .detail = "Send a token, or name and password as JSON.",
        .retry_after = std::nullopt
    });
}

/// For a page that was loaded anew: it has lost the CSRF token, and the cookie it can't read.
Answer read_session(const Call& call) {
    const auto cookie = find_cookie(call.request);
    if (!cookie || find_token(call.request))
        return std::unexpected(http::Problem{
            .status = 404,
            .code = "SESSION_NOT_FOUND",
            .detail = "The request has no cookie of an open session.",
            .retry_after = std::nullopt
        });
    json body{
        {"principal", call.principal->name},
        {"roles", call.principal->roles},
        {"second_factor", call.principal->has_second_factor},
        {"csrf_token", csrf_token_of(*cookie)},
    };
    if (call.principal->valid_to) body["expires"] = to_rfc3339(*call.principal->valid_to);
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
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
        {.method = "GET",
         .pattern = "/v1/sessions/current",
         .action = Action::read_session,
         .is_cacheable = false,
         .parameters = {},
         .handler = read_session}
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
