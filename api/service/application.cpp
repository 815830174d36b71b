#include "api/service/application.hpp"

#include "api/access/routes.hpp"
#include "api/accounts/routes.hpp"
#include "api/calendar/routes.hpp"
#include "api/cameras/routes.hpp"
#include "api/clips/routes.hpp"
#include "api/copies/routes.hpp"
#include "api/coverage/routes.hpp"
#include "api/csrf.hpp"
#include "api/doors/routes.hpp"
#include "api/dossiers/routes.hpp"
#include "api/duties/routes.hpp"
#include "api/duty_periods/routes.hpp"
#include "api/hls/routes.hpp"
#include "api/holds/routes.hpp"
#include "api/http/range.hpp"
#include "api/http/text.hpp"
#include "api/huimin/routes.hpp"
#include "api/incidents/routes.hpp"
#include "api/inspections/routes.hpp"
#include "api/jobs/routes.hpp"
#include "api/ledger/routes.hpp"
#include "api/notices/dead_letters.hpp"
#include "api/notices/routes.hpp"
#include "api/policy/routes.hpp"
#include "api/problem_words.hpp"
#include "api/recorders/routes.hpp"
#include "api/requests/pages.hpp"
#include "api/requests/routes.hpp"
#include "api/retention/routes.hpp"
#include "api/rule_problem.hpp"
#include "api/segments/routes.hpp"
#include "api/sessions/routes.hpp"
#include "api/system/routes.hpp"
#include "api/viewings/routes.hpp"
#include "config/base/log.hpp"
#include "config/base/token.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/standing_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace sluice::api {
namespace {

http::Problem unavailable(DatabaseHealth health) {
    http::Problem out =
        health == DatabaseHealth::wrong_schema
            ? problem(503, "SCHEMA_VERSION", "The catalogue has another schema than this service needs.")
            : problem(503, "DATABASE_UNAVAILABLE", "The catalogue can't be asked at the moment.");
    out.retry_after = std::chrono::seconds{2};
    return out;
}

/// Somebody who is known by nothing but a viewing session.
catalogue::PrincipalRow visitor(const Uuid& session, std::string name) {
    return {
        .id = session,
        .kind = catalogue::PrincipalKind::person,
        .name = std::move(name),
        .roles = {"visitor"},
        .valid_from = UtcTime{},
        .valid_to = {},
    };
}

bool is_open(const Route& route) {
    return route.action == Action::read_health;
}

/// At an address that isn't there a cookie reads.
bool takes_cookie(const http::Request& request, const Route* route) {
    if (route != nullptr) return route->takes_cookie;
    return http::is_safe(request);
}

/// The content's hash as ETag, and 304 when the client has it already.
http::Response with_etag(const http::Request& request, http::Response response) {
    const auto* body = std::get_if<std::string>(&response.body);
    if (response.status != 200 || body == nullptr) return response;
    const Sha256Digest digest = sha256(as_bytes(*body));
    const std::string etag = '"' + to_hex(ByteView{digest}.first(16)) + '"';
    response.set("ETag", etag);
    const std::string* known = request.find_header("if-none-match");
    if (known != nullptr && http::names_etag(*known, etag, http::Comparison::weak))
        return http::to_not_modified(std::move(response));
    return response;
}

/// What every answer carries, whoever made it.
void add_common_headers(const http::Request& request, http::Response& response) {
    response.set("X-Request-Id", request.id);
    response.set("X-Content-Type-Options", "nosniff");
    // A page of HTML says which style sheet it has.
    if (response.find_header("content-security-policy") == nullptr)
        response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    response.set("Vary", "Authorization, Cookie, Accept-Language");
    if (request.is_tls) response.set("Strict-Transport-Security", "max-age=31536000");
}

http::Response to_answer(const http::Request& request, const http::Problem& problem) {
    const std::string* accepted = request.find_header("accept-language");
    const Language language = preferred_language(accepted == nullptr ? std::string_view{} : *accepted);
    http::Response response =
        http::to_response(explained(problem, language), "urn:sluice:request:" + request.id);
    if (problem.status == 401) {
        // A header for each: FFmpeg's client looks only at the first scheme of a line.
        response.set("WWW-Authenticate", "Basic realm=\"sluice\", charset=\"UTF-8\"");
        response.set("WWW-Authenticate", "Bearer realm=\"sluice\"");
    }
    return response;
}

/// The known parameters of a request, for the log. What a route does not know may hold anything, so it is
/// left out.
std::string loggable_query(const http::Request& request, const Routes& routes, std::string_view pattern) {
    const auto route = std::ranges::find(routes, pattern, &Route::pattern);
    const auto query = http::parse_query(request.raw_query);
    if (route == routes.end() || !query) return {};
    std::string out;
    for (const auto& [name, value] : *query) {
        if (std::ranges::find(route->parameters, name) == route->parameters.end()) continue;
        out += out.empty() ? "" : "&";
        out.append(name).append("=").append(value.substr(0, 64));
    }
    return out;
}

}  // namespace

Application::Application(Services& services) : services_(services) {
    add_system_routes(routes_);
    add_camera_routes(routes_);
    add_recorder_routes(routes_);
    add_segment_routes(routes_);
    add_coverage_routes(routes_);
    add_clip_routes(routes_);
    add_hls_routes(routes_);
    add_session_routes(routes_);
    add_account_routes(routes_);
    add_own_account_routes(routes_);
    add_power_routes(routes_);
    add_job_routes(routes_);
    add_ledger_routes(routes_);
    add_hold_routes(routes_);
    add_policy_routes(routes_);
    add_retention_routes(routes_);
    add_viewing_routes(routes_);
    add_copy_routes(routes_);
    add_request_routes(routes_);
    add_dossier_routes(routes_);
    add_page_routes(routes_);
    add_export_routes(routes_);
    add_calendar_routes(routes_);
    add_notice_routes(routes_);
    add_dead_letter_routes(routes_);
    add_huimin_routes(routes_);
    add_incident_routes(routes_);
    add_inspection_routes(routes_);
    add_duty_routes(routes_);
    add_house_routes(routes_);
    add_duty_period_routes(routes_);
    add_inventory_routes(routes_);
    add_door_finding_routes(routes_);
    add_door_schedule_routes(routes_);
    add_credential_routes(routes_);
    add_roster_routes(routes_);
    add_visit_routes(routes_);
    add_access_routes(routes_);
    for (std::size_t i = 0; i < routes_.size(); ++i)
        router_.add(routes_[i].method, routes_[i].pattern, i);
}

bool Application::is_blocking(const http::Request& request) const {
    return request.path != "/healthz";
}

http::Response Application::handle(const http::Request& request) {
    http::Response trace;
    // Also when the handler throws: it may have changed something before.
    struct Forget {
        Standings& standings;
        bool is_due;
        ~Forget() {
            if (is_due) standings.forget_all();
        }
    };
    const Forget forget{services_.standings, !http::is_safe(request)};
    auto made = answer(request, trace);
    http::Response response = made ? std::move(*made) : to_answer(request, made.error());
    for (auto& header : trace.headers)
        response.headers.push_back(std::move(header));  // Allow of a 405
    response.route = std::move(trace.route);
    response.principal = std::move(trace.principal);
    add_common_headers(request, response);
    return response;
}

/// `trace` takes what the log and the answer need even when the answer is a refusal.
Answer Application::answer(const http::Request& request, http::Response& trace) {
    const bool is_asterisk = request.target == "*" && request.method == "OPTIONS";
    const auto path = is_asterisk ? std::vector<std::string>{} : http::split_path(request.path);
    const auto match =
        path ? router_.find(request.method, *path) : http::Router::Match{http::Router::NoSuchPath{}};
    const auto* found = std::get_if<http::Router::Found>(&match);
    const auto* other = std::get_if<http::Router::OtherMethod>(&match);
    const Route* route = found != nullptr ? &routes_[found->route] : nullptr;
    const Route* place = other != nullptr ? &routes_[other->sibling] : route;
    if (place != nullptr) trace.route = place->pattern;

    auto asker = identify(request, place, found != nullptr ? found->variables : std::vector<std::string>{});
    if (!asker) return std::unexpected(std::move(asker.error()));
    if (asker->principal) trace.principal = asker->principal->name;
    const UtcTime now = services_.clock.now();
    auto standing = stand(request, *asker, route, now);
    if (!standing) return std::unexpected(std::move(standing.error()));
    if (asker->principal && !standing->roles.empty()) asker->principal->roles = standing->roles;

    if (is_asterisk || (other != nullptr && other->is_options)) {
        http::Response response;
        response.status = 204;
        response.set("Allow", is_asterisk ? "GET, HEAD, OPTIONS" : other->allow);
        return response;
    }
    if (!path)
        return std::unexpected(problem(
            400, "MALFORMED_PATH", "The path holds a broken percent sequence or bytes that are not UTF-8."
        ));
    if (other != nullptr) {
        trace.set("Allow", other->allow);
        return std::unexpected(problem(405, "METHOD_NOT_ALLOWED", "This address takes " + other->allow + ".")
        );
    }
    if (route == nullptr) return std::unexpected(problem(404, "NOT_FOUND", "Nothing is at this address."));
    Call call{
        request,
        found->variables,
        {},
        asker->principal ? &*asker->principal : nullptr,
        services_,
        now,
        std::move(*standing)
    };
    return run(request, call, *route);
}

Answer Application::run(const http::Request& request, Call& call, const Route& route) {
    Acting acting{.action = route.action, .role = {}};
    call.acting = &acting;
    const auto allowed = permit(call, route.action, {});
    if (!allowed) return std::unexpected(allowed.error());
    auto parameters = Parameters::parse(request.raw_query, route.parameters);
    if (!parameters) return std::unexpected(std::move(parameters.error()));
    call.parameters = std::move(*parameters);
    auto answered = route.handler(call);
    if (answered && !answered->postponed && route.is_cacheable)
        return with_etag(request, std::move(*answered));
    return answered;
}

/// Without the catalogue only what is open to all, metrics, and that there is nothing at an address are
/// answered: for these nothing has to be known.
std::expected<Standing, http::Problem>
Application::stand(const http::Request& request, const Asker& asker, const Route* route, UtcTime now) {
    Standing unknown;
    unknown.at = now;
    const bool needs_none = route == nullptr || is_open(*route) || !route->needs_database;
    if (needs_none && !asker.principal) return unknown;
    if (needs_none && services_.database.health() != DatabaseHealth::reachable) return unknown;
    if (asker.is_visitor) return unknown;  // known by a session, not by an account
    const Action action = route != nullptr ? route->action : Action::read_health;
    const auto* principal = asker.principal ? &*asker.principal : nullptr;
    auto standing =
        services_.standings.find(services_.database.pool(), principal, action, http::is_safe(request), now);
    if (!standing && needs_none && standing.error().remedy() == Remedy::retry) return unknown;
    if (!standing) return std::unexpected(to_problem(standing.error()));
    services_.policy_sign.tell(standing->is_bootstrap);
    if (standing->is_shut)
        return std::unexpected(
            problem(401, "UNAUTHENTICATED", "The token is unknown, revoked or out of its time.")
        );
    return std::move(*standing);
}

/// `route` is null for addresses that do not exist: they too are told only to those who may ask.
std::expected<Application::Asker, http::Problem> Application::identify(
    const http::Request& request,
    const Route* route,
    const std::vector<std::string>& variables
) {
    if (route != nullptr && is_open(*route)) return Asker{};
    if (route != nullptr && route->takes_viewing_token && !variables.empty())
        if (const auto token = find_viewing_token(request)) return look_up_viewer(*token, variables.front());
    if (route != nullptr && route->takes_nobody && !find_cookie(request) &&
        request.find_header("authorization") == nullptr)
        return Asker{.principal = visitor({}, "visitor"), .is_visitor = true};
    const bool has_header = request.find_header("authorization") != nullptr;
    // Name and password stand in the body.
    if (route != nullptr && route->action == Action::open_session && !has_header) return Asker{};
    if (const auto token = find_token(request))
        return look_up(*token, route != nullptr && !route->needs_database);
    const auto cookie = find_cookie(request);
    if (cookie && takes_cookie(request, route)) {
        auto asker = look_up_session(*cookie);
        // A browser sends its cookie by itself, for pages of others too.
        if (asker && !is_from_own_page(request, *cookie))
            return std::unexpected(problem(
                403,
                "CSRF_TOKEN_NEEDED",
                "A session changes something only with its X-CSRF-Token, see GET /v1/sessions/current."
            ));
        return asker;
    }
    return std::unexpected(problem(
        401,
        "UNAUTHENTICATED",
        cookie ? "This needs a token: a session is not enough."
               : "A token is needed: Authorization: Bearer, or Basic with the token as password."
    ));
}

std::expected<Application::Asker, http::Problem>
Application::look_up_viewer(const std::string& token, const std::string& session) {
    const auto unknown = problem(401, "UNAUTHENTICATED", "This is not the token of this session's viewer.");
    const DatabaseHealth health = services_.database.health();
    if (health != DatabaseHealth::reachable) return std::unexpected(unavailable(health));
    const auto id = uuid_from_string(session);
    if (!id) return std::unexpected(unknown);
    const UtcTime now = services_.clock.now();
    catalogue::Pool& pool = services_.database.pool();
    const auto viewer = catalogue::find_viewer(pool, *id, token_hash(token), now);
    if (!viewer) return std::unexpected(to_problem(viewer.error()));
    if (!*viewer) return std::unexpected(unknown);
    // Whoever has an account that ends does not play on with what was handed out before.
    if (const auto& account = (*viewer)->account_id) {
        const auto standing = catalogue::load_standing(pool, *account, now);
        if (!standing) return std::unexpected(to_problem(standing.error()));
        if (standing->is_departed)
            return std::unexpected(
                rule_problem("ART7_2_DEPARTED_ACCOUNT", "The session's viewer has left the house.")
            );
        if (standing->is_shut) return std::unexpected(unknown);
    }
    return Asker{.principal = visitor(*id, "viewer of " + session), .is_visitor = true};
}

std::expected<Application::Asker, http::Problem> Application::look_up_session(const std::string& cookie) {
    const DatabaseHealth health = services_.database.health();
    if (health != DatabaseHealth::reachable) return std::unexpected(unavailable(health));
    const UtcTime now = services_.clock.now();
    services_.session_ends.tell(services_.database.pool(), now);
    auto principal = services_.sessions.find(cookie, now);
    if (!principal) return std::unexpected(to_problem(principal.error()));
    if (!*principal)
        return std::unexpected(problem(401, "UNAUTHENTICATED", "The session is unknown or over."));
    return Asker{std::move(*principal)};
}

std::expected<Application::Asker, http::Problem>
Application::look_up(const std::string& token, bool may_be_remembered) {
    const UtcTime now = services_.clock.now();
    const DatabaseHealth health = services_.database.health();
    if (health == DatabaseHealth::reachable) services_.session_ends.tell(services_.database.pool(), now);
    auto principal =
        health == DatabaseHealth::reachable
            ? services_.principals.find(token, now)
            : Result<std::optional<catalogue::PrincipalRow>>{failure(Remedy::retry, "no catalogue")};
    if (!principal) {
        auto remembered = may_be_remembered ? services_.principals.find_remembered(token, now) : std::nullopt;
        if (remembered) return Asker{std::move(remembered)};
        if (principal.error().remedy() == Remedy::retry) return std::unexpected(unavailable(health));
        return std::unexpected(to_problem(principal.error()));
    }
    if (!*principal)
        return std::unexpected(
            problem(401, "UNAUTHENTICATED", "The token is unknown, revoked or out of its time.")
        );
    return Asker{std::move(*principal)};
}

http::Response Application::refuse(unsigned status, std::string_view code, std::string_view detail) {
    http::Problem made = problem(status, std::string{code}, std::string{detail});
    if (status == 503) made.retry_after = std::chrono::seconds{1};
    http::Request request;
    request.id = to_string(make_uuid_v7(services_.clock.now()));
    http::Response response = to_answer(request, made);
    add_common_headers(request, response);
    return response;
}

void Application::finished(const http::Request& request, const http::Exchange& exchange) noexcept {
    services_.counters.add(exchange);
    log::info(
        "request",
        {{"request_id", request.id},
         {"peer", request.peer},
         {"principal", exchange.principal},
         {"method", exchange.method},
         {"route", exchange.route},
         {"path", exchange.route.empty() ? std::string{} : request.path},
         {"query", loggable_query(request, routes_, exchange.route)},
         {"status", exchange.status},
         {"bytes", exchange.sent_bytes},
         {"whole", exchange.is_whole},
         {"duration_us", exchange.duration_us}}
    );
}

}  // namespace sluice::api
