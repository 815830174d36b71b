#include "api/viewings/routes.hpp"

#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/body.hpp"
#include "api/idempotency.hpp"
#include "api/policy_in_force.hpp"
#include "api/principals.hpp"
#include "api/rule_problem.hpp"
#include "api/viewings/detail/common.hpp"
#include "api/viewings/rules.hpp"
#include "config/base/log.hpp"
#include "config/base/token.hpp"
#include "storage/catalogue/ledger_repository.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::ViewingRow;
using nlohmann::json;

constexpr std::size_t kLongestCode = 64;

http::Response uncached(std::string text) {
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = std::move(text) + "\n";
    return response;
}

ledger::Act viewing_act(const Call& call, const char* action, const Uuid& id, std::string facts) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "viewing", .id = to_string(id)},
        .facts = std::move(facts),
    };
}

/// The session as it stands now.
Answer answer_with(const Call& call, const Uuid& id, unsigned status) {
    const auto row = catalogue::find_viewing(call.services.database.pool(), id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(problem(404, "VIEWING_NOT_FOUND", "No session has this id."));
    const auto items = detail::get_items(call, (*row)->grant_id);
    if (!items) return std::unexpected(items.error());
    http::Response response = uncached(viewing_json(**row, *items));
    response.status = status;
    return response;
}

/// Nothing goes on before a checkpoint covers the record; when none comes, the session ends and nothing of it
/// was played.
std::expected<void, http::Problem>
wait_for_checkpoint(const Call& call, const Uuid& viewing, const Uuid& record) {
    catalogue::Pool& pool = call.services.database.pool();
    const Deadline limit = std::chrono::steady_clock::now() + catalogue::kCheckpointLimit;
    const auto covered = catalogue::wait_until_sequenced(pool, record, limit);
    if (covered) return {};
    log::warn(
        "viewing_not_recorded", {{"viewing", to_string(viewing)}, {"detail", covered.error().describe()}}
    );
    const auto ended = catalogue::end_viewing(
        pool, {.id = viewing, .reason = "ended", .actor = ledger::system_actor("sluice-api")}, call.now
    );
    if (!ended) log_and_drop(std::unexpected(ended.error()), "the worker ends it when presence runs out");
    return std::unexpected(ledger_unavailable());
}

std::string opening_facts(const Call& call, const catalogue::AppointmentRow& appointment) {
    return json{
        {"request", to_string(appointment.request_id)},
        {"dossier", appointment.dossier},
        {"grant", to_string(appointment.grant_id)},
        {"kind", appointment.grant_kind},
        {"escort", appointment.escort},
        {"viewer", appointment.viewer},
        {"peer", call.request.peer},
    }
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

Answer opened_response(const Call& call, const Uuid& id, unsigned status) {
    auto answer = answer_with(call, id, status);
    if (answer) answer->set("Location", "/v1/viewing-sessions/" + to_string(id));
    return answer;
}

Answer open_viewing(const Call& call) {
    const auto no_request = problem(404, "REQUEST_NOT_FOUND", "No request has this id.");
    const auto request = uuid_from_string(call.variables.front());
    if (!request) return std::unexpected(no_request);
    const auto wanted_id = idempotent_id(call, "viewing " + to_string(*request));
    if (!wanted_id) return std::unexpected(wanted_id.error());
    catalogue::Pool& pool = call.services.database.pool();
    if (*wanted_id) {
        const auto opened = catalogue::find_viewing(pool, **wanted_id);
        if (!opened) return std::unexpected(to_problem(opened.error()));
        if (*opened) return opened_response(call, **wanted_id, 200);
    }
    const auto appointment = catalogue::find_appointment(pool, *request);
    if (!appointment) return std::unexpected(to_problem(appointment.error()));
    if (!*appointment) return std::unexpected(no_request);
    if (auto allowed = check_opening(**appointment, call.principal->id, call.now); !allowed)
        return std::unexpected(allowed.error());
    const auto rules = detail::get_policy(call);
    if (!rules) return std::unexpected(rules.error());
    const catalogue::NewViewing viewing{
        .id = wanted_id->value_or(make_uuid_v7(call.now)),
        .appointment = **appointment,
        .opened = call.now,
        .presence_to = call.now + std::chrono::minutes{rules->presence_minutes},
    };
    const auto record = catalogue::open_viewing(
        pool, viewing, viewing_act(call, "viewing.opened", viewing.id, opening_facts(call, **appointment))
    );
    if (!record) return std::unexpected(act_problem(record.error()));
    if (!*record)
        return std::unexpected(problem(409, "VIEWING_OPEN", "A session of this request is open already."));
    if (auto covered = wait_for_checkpoint(call, viewing.id, **record); !covered)
        return std::unexpected(covered.error());
    return opened_response(call, viewing.id, 201);
}

/// By the own account, or by the one-time code, each try of which is counted before it is compared.
std::expected<void, http::Problem>
check_viewer(const Call& call, const ViewingRow& row, const std::string& code) {
    if (row.viewer_id) {
        if (call.principal->id == *row.viewer_id) return {};
        return std::unexpected(
            rule_problem("ART7_NOT_APPROVED", "The session is joined by the viewer's own account.")
        );
    }
    if (code.empty())
        return std::unexpected(unfit_member("code", "MEMBER_MISSING", "The viewer's one-time code is needed.")
        );
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    const auto known =
        catalogue::try_code(call.services.database.pool(), row.slot_id, rules->requests.code_tries);
    if (!known) return std::unexpected(to_problem(known.error()));
    if (!*known)
        return std::unexpected(problem(
            403, "VIEWING_CODE_SPENT", "The code was tried too often; another appointment gives another one."
        ));
    if (sha256(as_bytes(code)) != **known)
        return std::unexpected(problem(403, "VIEWING_CODE_WRONG", "This is not the code of the appointment.")
        );
    return {};
}

std::string cookie_for(const Call& call, const ViewingRow& row, const std::string& token) {
    const auto age = std::chrono::ceil<std::chrono::seconds>(row.slot.to - call.now);
    std::string header{kViewingCookie};
    header += "=" + token + "; Path=/v1/viewing-sessions/" + to_string(row.id) +
              "; Max-Age=" + std::to_string(age.count()) + "; HttpOnly; SameSite=Strict";
    if (call.request.is_tls) header += "; Secure";
    return header;
}

Answer join_viewing(const Call& call) {
    const auto body = Body::parse(call.request, {"code"});
    if (!body) return std::unexpected(body.error());
    const auto code = body->text("code", kLongestCode);
    if (!code) return std::unexpected(code.error());
    const auto row = detail::get_viewing(call);
    if (!row) return std::unexpected(row.error());
    if (auto allowed = check_joining(*row, call.now); !allowed) return std::unexpected(allowed.error());
    if (auto known = check_viewer(call, *row, *code); !known) return std::unexpected(known.error());
    const std::string token = make_token();
    ledger::Act act = viewing_act(call, "viewing.joined", row->id, json{{"peer", call.request.peer}}.dump());
    if (!row->viewer_id) act.actor = {.id = std::nullopt, .name = row->viewer, .role = "visitor"};
    const auto record =
        catalogue::join_viewing(call.services.database.pool(), row->id, token_hash(token), act, call.now);
    if (!record) return std::unexpected(act_problem(record.error()));
    if (!*record)
        return std::unexpected(problem(409, "VIEWING_JOINED", "The viewer has joined already, or it is over.")
        );
    if (auto covered = wait_for_checkpoint(call, row->id, **record); !covered)
        return std::unexpected(covered.error());
    http::Response response = uncached(json{{"id", to_string(row->id)}, {"token", token}}.dump());
    response.set("Set-Cookie", cookie_for(call, *row, token));
    return response;
}

Answer renew_presence(const Call& call) {
    const auto row = detail::get_viewing(call);
    if (!row) return std::unexpected(row.error());
    if (row->escort_id != call.principal->id)
        return std::unexpected(rule_problem("ART9_4A_NO_ESCORT", "Presence is renewed by the escort alone."));
    if (!row->slot.contains(call.now)) return std::unexpected(obstacle_problem(release::Obstacle::no_slot));
    const auto rules = detail::get_policy(call);
    if (!rules) return std::unexpected(rules.error());
    const auto renewed = catalogue::renew_presence(
        call.services.database.pool(), row->id, call.now + std::chrono::minutes{rules->presence_minutes}
    );
    if (!renewed) return std::unexpected(to_problem(renewed.error()));
    if (!*renewed) return std::unexpected(obstacle_problem(release::Obstacle::ended));
    return answer_with(call, row->id, 200);
}

Answer end_viewing(const Call& call) {
    const auto row = detail::get_viewing(call);
    if (!row) return std::unexpected(row.error());
    const auto ended = catalogue::end_viewing(
        call.services.database.pool(), {.id = row->id, .reason = "ended", .actor = actor_of(call)}, call.now
    );
    if (!ended) return std::unexpected(act_problem(ended.error()));
    if (!*ended) return std::unexpected(obstacle_problem(release::Obstacle::ended));
    return answer_with(call, row->id, 200);
}

Answer read_viewing(const Call& call) {
    const auto row = detail::get_viewing(call);
    if (!row) return std::unexpected(row.error());
    return answer_with(call, row->id, 200);
}

}  // namespace

namespace detail {

std::expected<ViewingRow, http::Problem> get_viewing(const Call& call) {
    const auto none = problem(404, "VIEWING_NOT_FOUND", "No session has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(none);
    auto row = catalogue::find_viewing(call.services.database.pool(), *id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(none);
    return std::move(**row);
}

std::expected<std::vector<catalogue::GrantItem>, http::Problem>
get_items(const Call& call, const Uuid& grant_id) {
    auto items = catalogue::load_grant_items(call.services.database.pool(), grant_id);
    if (!items) return std::unexpected(to_problem(items.error()));
    return std::move(*items);
}

std::expected<policy::ReleasePolicy, http::Problem> get_policy(const Call& call) {
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    return rules->release;
}

}  // namespace detail

void add_viewing_routes(Routes& routes) {
    routes.push_back(
        make_route("POST", "/v1/requests/{id}/sessions", Action::open_viewing, {}, bodiless(open_viewing))
    );
    routes.push_back(make_route("GET", "/v1/viewing-sessions/{id}", Action::read_viewing, {}, read_viewing));
    Route join = make_route("POST", "/v1/viewing-sessions/{id}/join", Action::join_viewing, {}, join_viewing);
    join.takes_nobody = true;
    routes.push_back(std::move(join));
    routes.push_back(make_route(
        "POST", "/v1/viewing-sessions/{id}/presence", Action::escort_viewing, {}, bodiless(renew_presence)
    ));
    routes.push_back(
        make_route("POST", "/v1/viewing-sessions/{id}/end", Action::end_viewing, {}, bodiless(end_viewing))
    );
    detail::add_playback_routes(routes);
}

}  // namespace sluice::api
