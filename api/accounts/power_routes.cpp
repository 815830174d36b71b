#include "api/accounts/routes.hpp"
#include "api/accounts/rules.hpp"
#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/cursor.hpp"
#include "api/idempotency.hpp"
#include "api/policy_in_force.hpp"
#include "storage/catalogue/policy_repository.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

/// Powers that a person has besides the roles of the account: lent by an approver, or to see live.
namespace sluice::api {
namespace {

using nlohmann::json;

Subject about(Relation relation) {
    return {.camera_id = {}, .stream = {}, .interval = {}, .relation = relation};
}

/// The account of a person who can take up something now.
std::expected<catalogue::AccountRow, http::Problem>
get_person(const Call& call, const Uuid& id, const char* field) {
    auto account = catalogue::find_account(call.services.database.pool(), id);
    if (!account) return std::unexpected(to_problem(account.error()));
    if (!*account || (*account)->kind != catalogue::PrincipalKind::person)
        return std::unexpected(
            unfit_member(field, "ACCOUNT_NOT_FOUND", "No person has an account with this id.")
        );
    if (account_state(**account, call.now) != "active")
        return std::unexpected(unfit_member(field, "ACCOUNT_UNFIT", "This account is not in use any more."));
    return std::move(**account);
}

ledger::Act power_act(
    const Call& call,
    std::string action,
    std::string role,
    const char* kind,
    const Uuid& id,
    const json& facts
) {
    return {
        .action = std::move(action),
        .actor = catalogue::actor_of(*call.principal, std::move(role)),
        .subject = {.kind = kind, .id = to_string(id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

http::Response object_response(const std::string& object, unsigned status) {
    http::Response response = json_response(object);
    response.status = status;
    return response;
}

/// A page of a list that is ordered by id, newest first.
template <class Row>
Answer list_page(
    const Call& call,
    Result<std::vector<Row>> (*load)(catalogue::Pool&, const std::optional<Uuid>&, std::size_t),
    std::string (*show)(const Row&, UtcTime)
) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<Uuid> before;
    if (const std::string* text = call.parameters.find("cursor")) {
        before = id_cursor_from(*text);
        if (!before) return std::unexpected(bad_parameter("cursor", "It is none of this list."));
    }
    const auto rows = load(call.services.database.pool(), before, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    json list{{"items", json::array()}, {"next", nullptr}};
    for (std::size_t i = 0; i < rows->size() && i < *limit; ++i)
        list["items"].push_back(json::parse(show((*rows)[i], call.now)));
    if (rows->size() > *limit) list["next"] = to_cursor((*rows)[*limit - 1].id);
    return json_response(list.dump());
}

/// The same Idempotency-Key again: what it made then.
template <class Row>
Answer repeated(
    const Call& call,
    Result<std::optional<Row>> (*find)(catalogue::Pool&, const Uuid&),
    const Uuid& id,
    std::string (*show)(const Row&, UtcTime)
) {
    const auto row = find(call.services.database.pool(), id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(problem(409, "KEY_OF_ANOTHER", "This key stands for something else."));
    return object_response(show(**row, call.now), 200);
}

// ---- delegations

Answer create_delegation(const Call& call) {
    const auto body = Body::parse(call.request, kDelegationMembers);
    if (!body) return std::unexpected(body.error());
    const auto wanted = parse_delegation(*body, call.now);
    if (!wanted) return std::unexpected(wanted.error());
    const auto& roles = call.principal->roles;
    if (std::ranges::find(roles, wanted->role) == roles.end())
        return std::unexpected(problem(403, "ROLE_NOT_ALLOWED", "Nobody lends a power that is not his own."));
    if (auto allowed = permit(call, Action::create_delegation, about(Relation::own)); !allowed)
        return std::unexpected(allowed.error());
    const auto lender = catalogue::find_account(call.services.database.pool(), call.principal->id);
    if (!lender) return std::unexpected(to_problem(lender.error()));
    if (!*lender)
        return std::unexpected(problem(409, "ACCOUNT_NEEDED", "A power is lent from one account to another.")
        );
    if (wanted->to_id == call.principal->id)
        return std::unexpected(unfit_member("to", "ACCOUNT_UNFIT", "A power is lent to another person."));
    const auto delegate = get_person(call, wanted->to_id, "to");
    if (!delegate) return std::unexpected(delegate.error());
    const auto wanted_id = idempotent_id(call, "delegation");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    const catalogue::DelegationRow made{
        .id = wanted_id->value_or(make_uuid_v7(call.now)),
        .role = wanted->role,
        .from_id = call.principal->id,
        .from = call.principal->name,
        .to_id = delegate->id,
        .to = delegate->name,
        .valid = wanted->valid,
        .document = wanted->document,
        .created = call.now,
        .revoked = std::nullopt,
    };
    const json facts{
        {"role", made.role},
        {"to", made.to},
        {"valid_from", to_rfc3339(made.valid.from)},
        {"valid_to", to_rfc3339(made.valid.to)},
        {"document", made.document},
    };
    const auto created = catalogue::create_delegation(
        call.services.database.pool(),
        made,
        power_act(call, "delegation.created", made.role, "delegation", made.id, facts)
    );
    if (!created) return std::unexpected(act_problem(created.error()));
    if (!*created) return repeated(call, catalogue::find_delegation, made.id, delegation_json);
    return object_response(delegation_json(made, call.now), 201);
}

Answer list_delegations(const Call& call) {
    return list_page(call, catalogue::load_delegations, delegation_json);
}

Answer revoke_delegation(const Call& call) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto id = uuid_from_string(call.variables.front());
    const auto not_found = problem(404, "DELEGATION_NOT_FOUND", "No delegation has this id.");
    if (!id) return std::unexpected(not_found);
    auto found = catalogue::find_delegation(pool, *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return std::unexpected(not_found);
    catalogue::DelegationRow& delegation = **found;
    const bool is_own = delegation.from_id == call.principal->id;
    if (auto allowed =
            permit(call, Action::revoke_delegation, about(is_own ? Relation::own : Relation::other));
        !allowed)
        return std::unexpected(allowed.error());
    const json facts{{"role", delegation.role}, {"to", delegation.to}};
    const auto done = catalogue::revoke_delegation(
        pool, *id, power_act(call, "delegation.revoked", delegation.role, "delegation", *id, facts), call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done)
        return std::unexpected(problem(409, "ALREADY_REVOKED", "This delegation was revoked before."));
    delegation.revoked = call.now;
    return object_response(delegation_json(delegation, call.now), 200);
}

// ---- live

Answer create_live_approval(const Call& call) {
    const auto body = Body::parse(call.request, kLiveMembers);
    if (!body) return std::unexpected(body.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    const std::chrono::days longest{rules->logins.live_days};
    const auto wanted = parse_live_approval(*body, longest, call.now);
    if (!wanted) return std::unexpected(wanted.error());
    const auto account = get_person(call, wanted->account_id, "account");
    if (!account) return std::unexpected(account.error());
    const Relation relation = relation_to(*account, call.principal->id, call.standing.unit);
    if (auto allowed = permit(call, Action::create_live_approval, about(relation)); !allowed)
        return std::unexpected(allowed.error());
    const auto wanted_id = idempotent_id(call, "live_approval");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    const catalogue::LiveApprovalRow made{
        .id = wanted_id->value_or(make_uuid_v7(call.now)),
        .account_id = account->id,
        .account = account->name,
        .valid = wanted->valid,
        .document = wanted->document,
        .reason = wanted->reason,
        .approver_id = call.principal->id,
        .approver = call.principal->name,
        .approved = call.now,
        .revoked = std::nullopt,
        .revoker = {},
    };
    const json facts{
        {"account", made.account},
        {"valid_from", to_rfc3339(made.valid.from)},
        {"valid_to", to_rfc3339(made.valid.to)},
        {"document", made.document},
        {"reason", made.reason},
    };
    const auto created = catalogue::create_live_approval(
        pool, made, power_act(call, "live.approved", "secretariat", "live_approval", made.id, facts)
    );
    if (!created) return std::unexpected(act_problem(created.error()));
    if (!*created) return repeated(call, catalogue::find_live_approval, made.id, live_approval_json);
    return object_response(live_approval_json(made, call.now), 201);
}

Answer list_live_approvals(const Call& call) {
    return list_page(call, catalogue::load_live_approvals, live_approval_json);
}

Answer revoke_live_approval(const Call& call) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto id = uuid_from_string(call.variables.front());
    const auto not_found = problem(404, "LIVE_APPROVAL_NOT_FOUND", "No approval has this id.");
    if (!id) return std::unexpected(not_found);
    const auto found = catalogue::find_live_approval(pool, *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return std::unexpected(not_found);
    const json facts{{"account", (*found)->account}};
    const auto done = catalogue::revoke_live_approval(
        pool, *id, power_act(call, "live.revoked", actor_of(call).role, "live_approval", *id, facts), call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(problem(409, "ALREADY_REVOKED", "This approval was revoked before."));
    catalogue::LiveApprovalRow revoked = **found;
    revoked.revoked = call.now;
    revoked.revoker = call.principal->name;
    return object_response(live_approval_json(revoked, call.now), 200);
}

}  // namespace

void add_power_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/delegations", Action::create_delegation, {}, create_delegation));
    routes.push_back(
        make_route("GET", "/v1/delegations", Action::read_delegations, {"limit", "cursor"}, list_delegations)
    );
    routes.push_back(make_route(
        "POST", "/v1/delegations/{id}/revoke", Action::revoke_delegation, {}, bodiless(revoke_delegation)
    ));
    routes.push_back(
        make_route("POST", "/v1/live-approvals", Action::create_live_approval, {}, create_live_approval)
    );
    routes.push_back(make_route(
        "GET", "/v1/live-approvals", Action::read_live_approvals, {"limit", "cursor"}, list_live_approvals
    ));
    routes.push_back(make_route(
        "POST",
        "/v1/live-approvals/{id}/revoke",
        Action::revoke_live_approval,
        {},
        bodiless(revoke_live_approval)
    ));
}

}  // namespace sluice::api
