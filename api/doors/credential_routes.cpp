#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/doors/edits.hpp"
#include "api/doors/people_rules.hpp"
#include "api/doors/routes.hpp"
#include "api/idempotency.hpp"
#include "storage/access/card.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::Creation;
using catalogue::CredentialRow;
using catalogue::CredentialStep;
using nlohmann::json;

constexpr const char* kPath = "/v1/door-credentials";

Parsed<CredentialRow> get_credential(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    const auto not_found = no_such("CREDENTIAL_NOT_FOUND", "No card has this id.");
    if (!id) return not_found;
    auto found = catalogue::find_credential(call.services.database.pool(), *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return not_found;
    return std::move(**found);
}

http::Response shown(const Call& call, unsigned status, const CredentialRow& row) {
    return edited_response(status, row.revision, to_json(row, call.now));
}

ledger::Act act_of(const Call& call, const char* action, const CredentialRow& row, const json& facts) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "door_credential", .id = to_string(row.id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

/// What is kept of the number. The number itself goes no further.
Parsed<access::Card> seal(const Call& call, const std::string& number) {
    const auto key = access::load_or_make_card_key(access::card_key_file(call.services.config.data));
    if (!key) return std::unexpected(to_problem(key.error()));
    auto card = key->seal(number);
    if (!card)
        return std::unexpected(
            unfit_member("card", "CARD_INVALID", "Must be a card's number: at most 64 letters and digits.")
        );
    return std::move(*card);
}

Answer apply(const Call& call) {
    const auto body = Body::parse(call.request, kCredentialMembers);
    if (!body) return std::unexpected(body.error());
    auto request = parse_credential(*body, call.now);
    if (!request) return std::unexpected(request.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto category = catalogue::find_category(pool, request->category);
    if (!category) return std::unexpected(to_problem(category.error()));
    if (!*category || (*category)->category.state != access::InventoryState::active)
        return std::unexpected(
            unfit_member("category", "CATEGORY_NOT_FOUND", "No category in use has this slug.")
        );
    auto card = seal(call, request->card);
    if (!card) return std::unexpected(card.error());
    const auto wanted_id = idempotent_id(call, "door_credential");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    CredentialRow row;
    row.id = wanted_id->value_or(make_uuid_v7(call.now));
    row.card = std::move(*card);
    row.holder = std::move(request->holder);
    row.category_id = (*category)->category.id;
    row.category = request->category;
    row.valid = request->valid;
    row.reason = std::move(request->reason);
    row.applicant_id = call.principal->id;
    row.applicant = call.principal->name;
    row.applied = call.now;
    const json facts{
        {"last_four", row.card.last_four},
        {"holder", row.holder},
        {"category", row.category},
        {"valid_from", to_rfc3339(row.valid.from)},
        {"valid_to", to_rfc3339(row.valid.to)},
        {"reason", row.reason},
    };
    const auto made =
        catalogue::apply_credential(pool, row, act_of(call, "door_credential.applied", row, facts));
    if (!made) return std::unexpected(act_problem(made.error()));
    if (*made == Creation::name_taken)
        return std::unexpected(problem(
            409,
            "CARD_IN_USE",
            "The card is applied for or in use; expire or refuse that first, then apply again."
        ));
    auto known = catalogue::find_credential(pool, row.id);
    if (!known) return std::unexpected(to_problem(known.error()));
    if (!*known) return no_such("CREDENTIAL_NOT_FOUND", "No card has this id.");
    auto response = shown(call, *made == Creation::made ? 201 : 200, **known);
    response.set("Location", std::string{kPath} + "/" + to_string(row.id));
    return response;
}

Answer list(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::CredentialState> state;
    if (const std::string* word = call.parameters.find("state")) {
        state = catalogue::credential_state_from(*word);
        if (!state)
            return std::unexpected(
                bad_parameter("state", "Must be one of applied, refused, active, suspended, expired.")
            );
    }
    std::optional<Uuid> before;
    if (const std::string* text = call.parameters.find("cursor")) {
        before = id_cursor_from(*text);
        if (!before) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
    }
    auto rows = catalogue::load_credentials(call.services.database.pool(), state, before, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next;
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = to_cursor(rows->back().id);
    }
    std::vector<std::string> items;
    for (const CredentialRow& row : *rows)
        items.push_back(to_json(row, call.now));
    return list_response(items, next);
}

Answer read(const Call& call) {
    const auto row = get_credential(call);
    if (!row) return std::unexpected(row.error());
    return shown(call, 200, *row);
}

const char* action_of(CredentialStep step) noexcept {
    switch (step) {
        case CredentialStep::approve:
            return "door_credential.approved";
        case CredentialStep::refuse:
            return "door_credential.refused";
        case CredentialStep::suspend:
            return "door_credential.suspended";
        case CredentialStep::reactivate:
            return "door_credential.reactivated";
        case CredentialStep::expire:
            return "door_credential.expired";
    }
    return "";
}

template <CredentialStep step>
Answer step_on(const Call& call) {
    constexpr bool is_decision = step == CredentialStep::approve || step == CredentialStep::refuse;
    auto row = get_credential(call);
    if (!row) return std::unexpected(row.error());
    if constexpr (is_decision) {
        const bool is_own = row->applicant_id == call.principal->id;
        const Subject subject{
            .camera_id = {},
            .stream = {},
            .interval = {},
            .relation = is_own ? Relation::own : Relation::other
        };
        if (auto allowed = permit(call, Action::decide_credential, subject); !allowed)
            return std::unexpected(allowed.error());
    }
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason =
        step == CredentialStep::approve ? body->text("reason", 1000) : body->required_text("reason", 1000);
    if (!reason) return std::unexpected(reason.error());
    if (!catalogue::next_state(state_at(*row, call.now), step))
        return std::unexpected(problem(
            409, "CREDENTIAL_STATE", "The card is not in a state in which this can be done; read it again."
        ));
    const json facts{
        {"from", to_string(row->state)}, {"last_four", row->card.last_four}, {"reason", *reason}
    };
    const auto done = catalogue::take_step(
        call.services.database.pool(),
        *row,
        step,
        *reason,
        act_of(call, action_of(step), *row, facts),
        call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done)
        return std::unexpected(
            problem(409, "CREDENTIAL_STATE", "The card was changed meanwhile; read it again.")
        );
    return read(call);
}

}  // namespace

void add_credential_routes(Routes& routes) {
    const std::string path = kPath;
    routes.push_back(make_route("POST", path, Action::apply_credential, {}, apply));
    routes.push_back(make_route("GET", path, Action::read_door_people, {"state", "limit", "cursor"}, list));
    routes.push_back(make_route("GET", path + "/{id}", Action::read_door_people, {}, read));
    const auto add = [&](const char* word, Action action, Answer (*handler)(const Call&)) {
        routes.push_back(make_route("POST", path + "/{id}/" + word, action, {}, handler));
    };
    add("approve", Action::decide_credential, step_on<CredentialStep::approve>);
    add("refuse", Action::decide_credential, step_on<CredentialStep::refuse>);
    add("suspend", Action::change_credential, step_on<CredentialStep::suspend>);
    add("reactivate", Action::change_credential, step_on<CredentialStep::reactivate>);
    add("expire", Action::change_credential, step_on<CredentialStep::expire>);
}

}  // namespace sluice::api
