#include "api/accounts/routes.hpp"

#include "api/accounts/rules.hpp"
#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/http/range.hpp"
#include "api/password_gate.hpp"
#include "storage/account/password.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::AccountRow;
using catalogue::PrincipalKind;
using nlohmann::json;

std::string etag_of(const AccountRow& account) {
    return '"' + std::to_string(account.revision) + '"';
}

http::Response account_response(const AccountRow& account, std::string body) {
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.set("ETag", etag_of(account));
    response.body = std::move(body) + "\n";
    return response;
}

/// Keeping accounts is `admin`'s.
ledger::Act account_act(const Call& call, const char* action, const Uuid& account, const json& facts) {
    return {
        .action = action,
        .actor = catalogue::actor_of(*call.principal, "admin"),
        .subject = {.kind = "account", .id = to_string(account)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

std::expected<std::vector<Uuid>, http::Problem>
find_cameras(const Call& call, const std::vector<std::string>& slugs) {
    std::vector<Uuid> cameras;
    for (const std::string& slug : slugs) {
        const auto camera = catalogue::find_camera(call.services.database.pool(), slug);
        if (!camera) return std::unexpected(to_problem(camera.error()));
        if (!*camera)
            return std::unexpected(unfit_member(
                "cameras", "CAMERA_NOT_FOUND", "No camera has the slug \"" + slug.substr(0, 63) + "\"."
            ));
        cameras.push_back((*camera)->id);
    }
    return cameras;
}

std::expected<AccountRow, http::Problem> get_account(const Call& call, Action action) {
    const auto id = uuid_from_string(call.variables.front());
    auto not_found = problem(404, "ACCOUNT_NOT_FOUND", "No account has this id.");
    if (!id) return std::unexpected(std::move(not_found));
    auto account = catalogue::find_account(call.services.database.pool(), *id);
    if (!account) return std::unexpected(to_problem(account.error()));
    // Who may see no other account than his own does not learn which there are.
    const Relation relation =
        *account ? relation_to(**account, call.principal->id, call.standing.unit) : Relation::other;
    const Subject subject{.camera_id = {}, .stream = {}, .interval = {}, .relation = relation};
    if (auto allowed = permit(call, action, subject); !allowed) return std::unexpected(allowed.error());
    if (!*account) return std::unexpected(std::move(not_found));
    return std::move(**account);
}

/// An edit names the revision it has seen, so that it undoes nobody else's.
std::expected<void, http::Problem> check_match(const Call& call, const AccountRow& account) {
    const std::string* match = call.request.find_header("if-match");
    if (match == nullptr)
        return std::unexpected(problem(
            428, "IF_MATCH_NEEDED", "Send the account's ETag as If-Match, so that no other change is lost."
        ));
    if (!http::names_etag(*match, etag_of(account), http::Comparison::strong))
        return std::unexpected(
            problem(412, "ACCOUNT_CHANGED", "The account was changed since; read it again and decide anew.")
        );
    return {};
}

std::expected<std::string, http::Problem> hash_first(const Call& call, const std::string& password) {
    const PasswordTurn turn{call.services.passwords};
    if (!turn.has_turn())
        return std::unexpected(problem(503, "BUSY", "Too many passwords are made at once."));
    auto hash = account::hash_password(password);
    if (!hash) return std::unexpected(to_problem(hash.error()));
    return std::move(*hash);
}

Answer create_account(const Call& call) {
    const auto body = Body::parse(call.request, kAccountMembers);
    if (!body) return std::unexpected(body.error());
    auto wanted = parse_account(*body, call.now);
    if (!wanted) return std::unexpected(wanted.error());
    AccountRow& account = wanted->account;
    auto cameras = find_cameras(call, wanted->camera_slugs);
    if (!cameras) return std::unexpected(cameras.error());
    account.cameras = std::move(*cameras);
    account.id = make_uuid_v7(call.now);
    const bool is_person = account.kind == PrincipalKind::person;
    const std::string password = is_person ? account::make_password() : std::string{};
    catalogue::NewAccount made{
        .account = account, .name_key = wanted->name_key, .password_hash = std::nullopt
    };
    if (is_person) {
        auto hash = hash_first(call, password);
        if (!hash) return std::unexpected(hash.error());
        made.password_hash = std::move(*hash);
    }
    const json facts{
        {"name", account.name},
        {"roles", account.roles},
        {"unit", account.unit},
        {"acknowledgement", account.acknowledgement.document},
        {"acknowledged_on", account.acknowledgement.date},
    };
    const auto id = catalogue::create_account(
        call.services.database.pool(), made, account_act(call, "account.created", account.id, facts)
    );
    if (!id) return std::unexpected(act_problem(id.error()));
    if (!*id)
        return std::unexpected(problem(
            409,
            "NAME_TAKEN",
            "An account has this name, or one that looks the same; give another, e.g. with the unit."
        ));
    account.id = **id;
    json shown = json::parse(account_json(account, call.now));
    // Shown only now. A machine's token is made by `sluice account token`, on the machine itself.
    if (is_person) shown["first_password"] = password;
    auto response = account_response(account, shown.dump());
    response.status = 201;
    response.set("Location", "/v1/accounts/" + to_string(account.id));
    return response;
}

Answer list_accounts(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<Uuid> after;
    if (const std::string* text = call.parameters.find("cursor")) {
        after = id_cursor_from(*text);
        if (!after) return std::unexpected(bad_parameter("cursor", "It is none of this list."));
    }
    const auto rows = catalogue::load_accounts(call.services.database.pool(), after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    json list{{"items", json::array()}, {"next", nullptr}};
    for (std::size_t i = 0; i < rows->size() && i < *limit; ++i)
        list["items"].push_back(json::parse(account_json((*rows)[i], call.now)));
    if (rows->size() > *limit) list["next"] = to_cursor((*rows)[*limit - 1].id);
    return json_response(list.dump());
}

Answer read_account(const Call& call) {
    const auto account = get_account(call, Action::read_account);
    if (!account) return std::unexpected(account.error());
    return account_response(*account, account_json(*account, call.now));
}

Answer reread(const Call& call, const Uuid& id) {
    const auto account = catalogue::find_account(call.services.database.pool(), id);
    if (!account) return std::unexpected(to_problem(account.error()));
    if (!*account) return std::unexpected(problem(404, "ACCOUNT_NOT_FOUND", "No account has this id."));
    return account_response(**account, account_json(**account, call.now));
}

/// What changes, from and to, for the audit log.
json changes_of(const AccountRow& before, const AccountRow& after) {
    const auto limit = [](const std::optional<UtcTime>& time) {
        return time ? json(to_rfc3339(*time)) : json(nullptr);
    };
    json facts{{"name", before.name}};
    if (before.roles != after.roles) facts["roles"] = {{"from", before.roles}, {"to", after.roles}};
    if (before.unit != after.unit) facts["unit"] = {{"from", before.unit}, {"to", after.unit}};
    if (before.valid_to != after.valid_to)
        facts["valid_to"] = {{"from", limit(before.valid_to)}, {"to", limit(after.valid_to)}};
    if (before.cameras != after.cameras)
        facts["cameras"] = {{"from", before.cameras.size()}, {"to", after.cameras.size()}};
    return facts;
}

http::Problem changed_meanwhile() {
    return problem(
        409, "ACCOUNT_CHANGED", "The account was changed meanwhile, or its owner has left; read it again."
    );
}

Answer change_account(const Call& call) {
    const auto account = get_account(call, Action::change_account);
    if (!account) return std::unexpected(account.error());
    if (auto matched = check_match(call, *account); !matched) return std::unexpected(matched.error());
    const auto body = Body::parse(call.request, kAccountChanges);
    if (!body) return std::unexpected(body.error());
    auto change = parse_account_change(*body, *account, call.now);
    if (!change) return std::unexpected(change.error());
    AccountRow changed = *account;
    if (change->roles) changed.roles = std::move(*change->roles);
    if (change->unit) changed.unit = std::move(*change->unit);
    if (change->has_valid_to) changed.valid_to = change->valid_to;
    if (change->camera_slugs) {
        auto cameras = find_cameras(call, *change->camera_slugs);
        if (!cameras) return std::unexpected(cameras.error());
        changed.cameras = std::move(*cameras);
    }
    const auto done = catalogue::change_account(
        call.services.database.pool(),
        changed,
        account_act(call, "account.changed", account->id, changes_of(*account, changed)),
        call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(changed_meanwhile());
    return reread(call, account->id);
}

Answer disable_account(const Call& call) {
    const auto account = get_account(call, Action::disable_account);
    if (!account) return std::unexpected(account.error());
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", 1000);
    if (!reason) return std::unexpected(reason.error());
    const auto act =
        account_act(call, "account.disabled", account->id, {{"name", account->name}, {"reason", *reason}});
    const auto done =
        catalogue::disable_account(call.services.database.pool(), account->id, *reason, act, call.now);
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(changed_meanwhile());
    return reread(call, account->id);
}

Answer depart_account(const Call& call) {
    const auto account = get_account(call, Action::depart_account);
    if (!account) return std::unexpected(account.error());
    const auto body = Body::parse(call.request, {"acknowledgement_document", "acknowledgement_date"});
    if (!body) return std::unexpected(body.error());
    const auto paper = parse_paper(*body, "acknowledgement_document", "acknowledgement_date");
    if (!paper) return std::unexpected(paper.error());
    const json facts{
        {"name", account->name}, {"acknowledgement", paper->document}, {"acknowledged_on", paper->date}
    };
    const auto done = catalogue::depart_account(
        call.services.database.pool(),
        account->id,
        *paper,
        account_act(call, "account.departed", account->id, facts),
        call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(changed_meanwhile());
    return reread(call, account->id);
}

}  // namespace

void add_account_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/accounts", Action::create_account, {}, create_account));
    routes.push_back(
        make_route("GET", "/v1/accounts", Action::list_accounts, {"limit", "cursor"}, list_accounts)
    );
    routes.push_back(make_route("GET", "/v1/accounts/{id}", Action::read_account, {}, read_account));
    routes.push_back(make_route("PATCH", "/v1/accounts/{id}", Action::change_account, {}, change_account));
    routes.push_back(
        make_route("POST", "/v1/accounts/{id}/disable", Action::disable_account, {}, disable_account)
    );
    routes.push_back(
        make_route("POST", "/v1/accounts/{id}/depart", Action::depart_account, {}, depart_account)
    );
}

}  // namespace sluice::api
