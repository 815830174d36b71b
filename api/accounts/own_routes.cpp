#include "api/accounts/routes.hpp"
#include "api/acts.hpp"
#include "api/password_gate.hpp"
#include "api/principals.hpp"
#include "api/sessions/login.hpp"
#include "api/sessions/password.hpp"
#include "config/base/log.hpp"
#include "storage/account/name.hpp"
#include "storage/account/sealed_secret.hpp"
#include "storage/account/totp.hpp"
#include "storage/catalogue/own_account_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

/// What opens the own account: its password, and a second factor. Each change takes the password, and a code
/// where there is a second factor already: a session that was left open is not enough.
namespace sluice::api {
namespace {

using nlohmann::json;

/// Not 401: the session is good, and stays.
http::Problem wrong_password(const Call& call, const std::optional<Uuid>& account) {
    log::warn(
        "own_password_wrong",
        {{"account", account ? to_string(*account) : std::string{}}, {"peer", call.request.peer}}
    );
    return problem(
        403,
        "PASSWORD_WRONG",
        "Password or code are wrong, or the account is locked for some minutes after failures."
    );
}

ledger::Act own_act(const Call& call, const char* action) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "account", .id = to_string(call.principal->id)},
        .facts = json{{"name", call.principal->name}, {"peer", call.request.peer}}.dump(
            -1, ' ', false, json::error_handler_t::replace
        ),
    };
}

std::expected<PasswordAttempt, http::Problem> parse_attempt(const Call& call, bool wants_new) {
    std::vector<std::string> members{"password", "totp"};
    if (wants_new) members.emplace_back("new_password");
    const auto body = Body::parse(call.request, members);
    if (!body) return std::unexpected(body.error());
    const auto known = account::to_name(call.principal->name);
    PasswordAttempt attempt{
        .key = known ? known->key : std::string{}, .password = {}, .code = {}, .new_password = {}
    };
    for (const auto& [name, into] :
         {std::pair{"password", &attempt.password}, std::pair{"new_password", &attempt.new_password}}) {
        auto secret = secret_member(*body, name);
        if (!secret) return std::unexpected(secret.error());
        const bool is_wanted = wants_new || into == &attempt.password;
        if (secret->empty() && is_wanted)
            return std::unexpected(unfit_member(name, "MEMBER_MISSING", "It is needed."));
        *into = std::move(*secret);
    }
    auto code = body->text("totp", 16);
    if (!code) return std::unexpected(code.error());
    attempt.code = std::move(*code);
    return attempt;
}

/// An attempt whose password and code were right, and what follows from it.
struct Proven {
    catalogue::LoginRow login;
    catalogue::OwnChange change;
    std::optional<std::string> new_hash;
};

std::expected<Proven, http::Problem>
prove(const Call& call, const PasswordAttempt& attempt, const char* action) {
    const auto rules = login_rules(call);
    if (!rules) return std::unexpected(rules.error());
    if (!attempt.new_password.empty())
        if (auto fit = check_new_password(attempt.new_password, call.principal->name, *rules); !fit)
            return std::unexpected(fit.error());
    const PasswordTurn turn{call.services.passwords};
    if (!turn.has_turn()) return std::unexpected(too_many_passwords());
    std::optional<Uuid> meant;
    auto checked = check_password(call, attempt, *rules, meant);
    if (!checked) return std::unexpected(checked.error());
    // A token's person may have the name of an account, and be another one only in a broken catalogue.
    if (!*checked || (*checked)->account_id != call.principal->id)
        return std::unexpected(wrong_password(call, meant));
    catalogue::LoginRow& login = **checked;
    const auto code = check_code(call, login, attempt.code);
    if (!code) return std::unexpected(code.error());
    if (!code->is_right) return std::unexpected(wrong_password(call, meant));
    auto new_hash = hash_new(attempt, login, *rules);
    if (!new_hash) return std::unexpected(forgive(call, login.account_id, std::move(new_hash.error())));
    catalogue::OwnChange change{
        .account_id = login.account_id,
        .current_hash = login.hash,
        .step = code->step,
        .act = own_act(call, action),
        .now = call.now,
    };
    return Proven{std::move(login), std::move(change), std::move(*new_hash)};
}

/// The code was used before, or the password was changed at the same time.
http::Problem not_taken() {
    return problem(
        409, "ACCOUNT_CHANGED", "The password was changed meanwhile, or the code was used before; try again."
    );
}

/// Every session that a password had opened is over, this one too.
http::Response sessions_over(const Call& call) {
    http::Response response;
    response.status = 204;
    if (const auto cookie = find_cookie(call.request)) {
        call.services.sessions.forget(*cookie);
        response.set("Set-Cookie", cookie_header(call.request, "", std::chrono::seconds{0}));
    }
    return response;
}

Answer change_password(const Call& call) {
    const auto attempt = parse_attempt(call, true);
    if (!attempt) return std::unexpected(attempt.error());
    const auto proven = prove(call, *attempt, "account.password_changed");
    if (!proven) return std::unexpected(proven.error());
    const auto changed = catalogue::change_own_password(
        call.services.database.pool(), proven->change, proven->new_hash.value()
    );
    if (!changed) return std::unexpected(act_problem(changed.error()));
    if (!*changed) return std::unexpected(not_taken());
    return sessions_over(call);
}

/// The secret is shown now and never again; it counts once a code of it was shown.
Answer propose_factor(const Call& call) {
    const auto attempt = parse_attempt(call, false);
    if (!attempt) return std::unexpected(attempt.error());
    const auto proven = prove(call, *attempt, "account.second_factor_proposed");
    if (!proven) return std::unexpected(proven.error());
    const Bytes secret = account::make_totp_secret();
    const auto sealed = account::seal_secret(call.services.config.data, call.principal->id, secret);
    if (!sealed) return std::unexpected(to_problem(sealed.error()));
    const auto proposed =
        catalogue::propose_second_factor(call.services.database.pool(), proven->change, *sealed);
    if (!proposed) return std::unexpected(act_problem(proposed.error()));
    if (!*proposed) return std::unexpected(not_taken());
    http::Response response = json_response(json{
        {"uri", account::totp_uri(call.principal->name, secret)},
        {"replaces", proven->login.totp_secret.has_value()},
        {"confirm_within_seconds", 600},
    }
                                                .dump());
    response.set("Cache-Control", "no-store");
    return response;
}

Answer confirm_factor(const Call& call) {
    const auto body = Body::parse(call.request, {"totp"});
    if (!body) return std::unexpected(body.error());
    const auto code = body->required_text("totp", 16);
    if (!code) return std::unexpected(code.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto proposed = catalogue::find_proposed_factor(pool, call.principal->id, call.now);
    if (!proposed) return std::unexpected(to_problem(proposed.error()));
    const auto none = problem(
        409,
        "NO_FACTOR_PROPOSED",
        "No second factor waits to be confirmed; a proposal is good for ten minutes."
    );
    if (!*proposed) return std::unexpected(none);
    const auto secret = account::open_secret(call.services.config.data, call.principal->id, **proposed);
    if (!secret) return std::unexpected(to_problem(secret.error()));
    const auto step = account::find_totp_step(*secret, *code, call.now);
    if (!step)
        return std::unexpected(unfit_member(
            "totp", "CODE_WRONG", "This is no code of the proposed secret now; compare the clocks."
        ));
    const auto confirmed = catalogue::confirm_second_factor(
        pool, call.principal->id, **proposed, *step, own_act(call, "account.second_factor_set"), call.now
    );
    if (!confirmed) return std::unexpected(act_problem(confirmed.error()));
    if (!*confirmed) return std::unexpected(none);
    http::Response response;
    response.status = 204;
    return response;
}

Answer remove_factor(const Call& call) {
    const auto attempt = parse_attempt(call, false);
    if (!attempt) return std::unexpected(attempt.error());
    const auto proven = prove(call, *attempt, "account.second_factor_removed");
    if (!proven) return std::unexpected(proven.error());
    if (!proven->login.totp_secret)
        return std::unexpected(forgive(
            call, call.principal->id, problem(409, "NO_SECOND_FACTOR", "The account has no second factor.")
        ));
    const auto removed = catalogue::remove_second_factor(call.services.database.pool(), proven->change);
    if (!removed) return std::unexpected(act_problem(removed.error()));
    if (!*removed) return std::unexpected(not_taken());
    return sessions_over(call);
}

}  // namespace

void add_own_account_routes(Routes& routes) {
    routes.push_back(
        make_route("POST", "/v1/accounts/me/password", Action::change_own_password, {}, change_password)
    );
    routes.push_back(make_route("POST", "/v1/accounts/me/totp", Action::change_own_factor, {}, propose_factor)
    );
    routes.push_back(
        make_route("POST", "/v1/accounts/me/totp/confirm", Action::change_own_factor, {}, confirm_factor)
    );
    routes.push_back(
        make_route("POST", "/v1/accounts/me/totp/remove", Action::change_own_factor, {}, remove_factor)
    );
}

}  // namespace sluice::api
