#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/cursor.hpp"
#include "api/doors/edits.hpp"
#include "api/doors/people_rules.hpp"
#include "api/doors/routes.hpp"
#include "api/idempotency.hpp"

#include <functional>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::Creation;
using catalogue::PassKind;
using catalogue::PassRow;
using nlohmann::json;

constexpr const char* word_of(PassKind kind) noexcept {
    return kind == PassKind::visitor ? "visitor" : "vehicle_permit";
}
constexpr const char* path_of(PassKind kind) noexcept {
    return kind == PassKind::visitor ? "/v1/visitors" : "/v1/vehicle-permits";
}

template <PassKind kind>
std::unexpected<http::Problem> no_such_pass() {
    return no_such(kind == PassKind::visitor ? "VISITOR_NOT_FOUND" : "PERMIT_NOT_FOUND", "None has this id.");
}

template <PassKind kind>
Parsed<PassRow> get(const Call& call, const std::string& text) {
    const auto id = uuid_from_string(text);
    if (!id) return no_such_pass<kind>();
    auto found = catalogue::find_pass(call.services.database.pool(), kind, *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return no_such_pass<kind>();
    return std::move(**found);
}

/// Of the person no more than the id: the row has the name, and can be taken out where the log can't.
template <PassKind kind>
ledger::Act act_of(const Call& call, const std::string& what, const PassRow& row, const json& facts) {
    return {
        .action = std::string{word_of(kind)} + "." + what,
        .actor = actor_of(call),
        .subject = {.kind = word_of(kind), .id = to_string(row.id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

template <PassKind kind>
Answer create(const Call& call) {
    const auto body = Body::parse(call.request, pass_members(kind));
    if (!body) return std::unexpected(body.error());
    auto row = parse_pass(*body, kind, call.now);
    if (!row) return std::unexpected(row.error());
    const auto wanted_id = idempotent_id(call, word_of(kind));
    if (!wanted_id) return std::unexpected(wanted_id.error());
    row->id = wanted_id->value_or(make_uuid_v7(call.now));
    row->registrar_id = call.principal->id;
    row->registrar = call.principal->name;
    const json facts{
        {"voucher", row->voucher},
        {"valid_from", to_rfc3339(row->valid.from)},
        {"valid_to", to_rfc3339(row->valid.to)},
    };
    const auto made = catalogue::create_pass(
        call.services.database.pool(), kind, *row, act_of<kind>(call, "registered", *row, facts)
    );
    if (!made) return std::unexpected(act_problem(made.error()));
    const auto known = get<kind>(call, to_string(row->id));
    if (!known) return std::unexpected(known.error());
    auto response =
        edited_response(*made == Creation::made ? 201 : 200, known->revision, to_json(*known, kind));
    response.set("Location", std::string{path_of(kind)} + "/" + to_string(row->id));
    return response;
}

template <PassKind kind>
Answer list(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto only_inside = call.parameters.flag("inside");
    if (!only_inside) return std::unexpected(only_inside.error());
    std::optional<Uuid> before;
    if (const std::string* text = call.parameters.find("cursor")) {
        before = id_cursor_from(*text);
        if (!before) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
    }
    auto rows = catalogue::load_passes(call.services.database.pool(), kind, *only_inside, before, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next;
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = to_cursor(rows->back().id);
    }
    std::vector<std::string> items;
    for (const PassRow& row : *rows)
        items.push_back(to_json(row, kind));
    return list_response(items, next);
}

template <PassKind kind>
Answer read(const Call& call) {
    const auto row = get<kind>(call, call.variables.front());
    if (!row) return std::unexpected(row.error());
    return edited_response(200, row->revision, to_json(*row, kind));
}

constexpr const char* past_of(PassStep step) noexcept {
    return step == PassStep::enter ? "entered" : step == PassStep::leave ? "left" : "revoked";
}

template <PassKind kind, PassStep step>
Answer step_on(const Call& call) {
    const auto before = get<kind>(call, call.variables.front());
    if (!before) return std::unexpected(before.error());
    std::string reason;
    if (step == PassStep::revoke) {
        const auto body = Body::parse(call.request, {"reason"});
        if (!body) return std::unexpected(body.error());
        auto text = body->required_text("reason", 1000);
        if (!text) return std::unexpected(text.error());
        reason = std::move(*text);
    }
    const auto row = after_step(*before, step, reason, call.now);
    if (!row) return std::unexpected(row.error());
    const json facts = reason.empty() ? json::object() : json{{"reason", reason}};
    const auto done = catalogue::change_pass(
        call.services.database.pool(), kind, *row, act_of<kind>(call, past_of(step), *row, facts), call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done)
        return std::unexpected(problem(409, "PASS_CHANGED", "It was changed meanwhile; read it again."));
    return read<kind>(call);
}

template <PassKind kind>
void add_routes_of(Routes& routes) {
    const std::string path = path_of(kind);
    routes.push_back(make_route("POST", path, Action::register_visit, {}, create<kind>));
    routes.push_back(
        make_route("GET", path, Action::read_door_people, {"inside", "limit", "cursor"}, list<kind>)
    );
    routes.push_back(make_route("GET", path + "/{id}", Action::read_door_people, {}, read<kind>));
    const auto add = [&](PassStep step, const std::function<Answer(const Call&)>& handler) {
        routes.push_back(
            make_route("POST", path + "/{id}/" + to_string(step), Action::register_visit, {}, handler)
        );
    };
    add(PassStep::enter, bodiless(step_on<kind, PassStep::enter>));
    add(PassStep::leave, bodiless(step_on<kind, PassStep::leave>));
    if constexpr (kind == PassKind::vehicle) add(PassStep::revoke, step_on<kind, PassStep::revoke>);
}

}  // namespace

void add_visit_routes(Routes& routes) {
    add_routes_of<PassKind::visitor>(routes);
    add_routes_of<PassKind::vehicle>(routes);
}

}  // namespace sluice::api
