#include "api/sessions/login.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/csrf.hpp"
#include "config/base/log.hpp"
#include "config/base/token.hpp"
#include "storage/account/name.hpp"
#include "storage/account/password.hpp"
#include "storage/account/totp.hpp"
#include "storage/catalogue/login_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

constexpr std::size_t kLongest = 512;

struct Attempt {
    std::string name;  ///< as it was typed
    std::string key;   ///< empty: no account can have this name
    std::string password;
    std::string code;
    std::string new_password;
};

/// Who was meant stands in the log when there is such an account. Never the name as it was typed: people type
/// a password into its place.
http::Problem login_failed(const Call& call, const std::optional<Uuid>& account) {
    log::warn(
        "login_failed",
        {{"account", account ? to_string(*account) : std::string{}}, {"peer", call.request.peer}}
    );
    return problem(
        401,
        "LOGIN_FAILED",
        "Name, password or code are wrong, or the account is locked for some minutes after failures."
    );
}

http::Problem too_busy() {
    http::Problem busy = problem(503, "BUSY", "Too many log in at the same time; try again shortly.");
    busy.retry_after = std::chrono::seconds{5};
    return busy;
}

/// Passwords are not trimmed, and any letter may stand in them.
std::expected<std::string, http::Problem> secret_member(const Body& body, const char* name) {
    const std::string raw = body.raw(name);
    if (raw.empty()) return std::string{};
    const json value = json::parse(raw, nullptr, false);
    if (value.is_null()) return std::string{};
    if (!value.is_string()) return std::unexpected(bad_member(name, "It is a text."));
    auto text = value.get<std::string>();
    if (text.size() > kLongest)
        return std::unexpected(unfit_member(name, "MEMBER_TOO_LONG", "It has at most 512 bytes."));
    return text;
}

std::expected<Attempt, http::Problem> parse_attempt(const Call& call) {
    const auto body = Body::parse(call.request, {"name", "password", "totp", "new_password"});
    if (!body) return std::unexpected(body.error());
    auto name = body->required_text("name", kLongest);
    if (!name) return std::unexpected(name.error());
    auto password = secret_member(*body, "password");
    if (!password) return std::unexpected(password.error());
    if (password->empty())
        return std::unexpected(unfit_member("password", "MEMBER_MISSING", "The account's password is needed.")
        );
    auto code = body->text("totp", 16);
    if (!code) return std::unexpected(code.error());
    auto fresh = secret_member(*body, "new_password");
    if (!fresh) return std::unexpected(fresh.error());
    const auto known = account::to_name(*name);
    return Attempt{
        .name = std::move(*name),
        .key = known ? known->key : std::string{},
        .password = std::move(*password),
        .code = std::move(*code),
        .new_password = std::move(*fresh),
    };
}

http::Problem unfit_password(const std::string& why) {
    return unfit_member("new_password", "PASSWORD_UNFIT", "This one is not taken: " + why + ".");
}

/// The step of a right code; nullopt and no error: the account wants none.
std::expected<std::optional<std::int64_t>, http::Problem>
check_code(const Call& call, const catalogue::LoginRow& login, const Attempt& attempt) {
    if (!login.totp_secret) return std::optional<std::int64_t>{};
    const auto step = account::find_totp_step(*login.totp_secret, attempt.code, call.now);
    if (!step) return std::unexpected(login_failed(call, login.account_id));
    return step;
}

/// The same work whether there is such an account or not.
std::expected<catalogue::LoginRow, http::Problem>
check_attempt(const Call& call, const Attempt& attempt, const policy::Logins& rules) {
    const catalogue::LoginLimits limits{
        .most_failures = rules.most_failures,
        .lock = rules.lock,
        .history =
            attempt.new_password.empty() || rules.password_history == 0 ? 0 : rules.password_history - 1,
    };
    auto login = catalogue::begin_login(call.services.database.pool(), attempt.key, limits, call.now);
    if (!login) return std::unexpected(to_problem(login.error()));
    const std::string& hash = *login ? (*login)->hash : account::nobodys_hash();
    const bool is_right = account::is_password(hash, attempt.password);
    call.services.passwords.count();
    if (!*login || !is_right)
        return std::unexpected(login_failed(call, *login ? std::optional{(*login)->account_id} : std::nullopt)
        );
    return std::move(**login);
}

bool must_change(const catalogue::LoginRow& login, const policy::Logins& rules, UtcTime now) {
    return login.is_initial || login.password_set + std::chrono::days{rules.password_days} <= now;
}

/// The hash of the new password; nullopt: it stays.
std::expected<std::optional<std::string>, http::Problem>
hash_new(const Attempt& attempt, const catalogue::LoginRow& login, const policy::Logins& rules) {
    if (attempt.new_password.empty()) return std::optional<std::string>{};
    const bool is_old = account::is_password(login.hash, attempt.new_password) ||
                        std::ranges::any_of(login.older_hashes, [&](const std::string& hash) {
                            return account::is_password(hash, attempt.new_password);
                        });
    if (is_old)
        return std::unexpected(unfit_password(
            "it is one of the last " + std::to_string(std::max(1U, rules.password_history)) +
            " of this account"
        ));
    auto hash = account::hash_password(attempt.new_password);
    if (!hash) return std::unexpected(to_problem(hash.error()));
    return std::optional{std::move(*hash)};
}

/// Refused for another reason than a wrong password: that is no failure to be counted.
http::Problem forgive(const Call& call, const Uuid& account, http::Problem refusal) {
    const auto forgiven = catalogue::forgive_attempt(call.services.database.pool(), account);
    return forgiven ? std::move(refusal) : to_problem(forgiven.error());
}

ledger::Act login_act(const Call& call, const Uuid& session, bool has_factor, bool changes_password) {
    const json facts{
        {"peer", call.request.peer},
        {"request", call.request.id},
        {"by", "password"},
        {"second_factor", has_factor},
        {"password_changed", changes_password},
    };
    return {
        .action = "session.opened",
        .actor = {},
        .subject = {.kind = "session", .id = to_string(session)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

Answer open(
    const Call& call,
    const catalogue::LoginRow& login,
    std::optional<std::int64_t> step,
    std::optional<std::string> new_hash,
    const policy::Logins& rules
) {
    const std::string cookie = make_token();
    catalogue::PasswordSession session{
        .id = make_uuid_v7(call.now),
        .cookie_hash = token_hash(cookie),
        .account_id = login.account_id,
        .totp_step = step,
        .longest = rules.session_longest,
        .idle = rules.session_idle,
        .current_hash = std::nullopt,
        .new_hash = std::nullopt,
    };
    if (new_hash) {
        session.current_hash = login.hash;
        session.new_hash = std::move(new_hash);
    }
    const auto opened = catalogue::open_password_session(
        call.services.database.pool(),
        session,
        login_act(call, session.id, step.has_value(), session.new_hash.has_value()),
        call.now
    );
    if (!opened) return std::unexpected(act_problem(opened.error()));
    if (!*opened) return std::unexpected(login_failed(call, login.account_id));
    log::info(
        "session_opened",
        {{"session", to_string(session.id)},
         {"principal", (*opened)->name},
         {"peer", call.request.peer},
         {"expires", to_rfc3339((*opened)->expires)}}
    );
    return session_response(
        call,
        {.id = session.id,
         .principal = (*opened)->name,
         .roles = (*opened)->roles,
         .expires = (*opened)->expires,
         .idle = session.idle,
         .has_second_factor = step.has_value()},
        cookie
    );
}

}  // namespace

Answer log_in(const Call& call) {
    const auto attempt = parse_attempt(call);
    if (!attempt) return std::unexpected(attempt.error());
    const auto rules = login_rules(call);
    if (!rules) return std::unexpected(rules.error());
    if (!attempt->new_password.empty()) {
        const account::PasswordRules wanted{rules->password_letters, rules->password_history};
        if (const auto fit = account::check_password(attempt->new_password, attempt->name, wanted); !fit)
            return std::unexpected(unfit_password(fit.error().message()));
    }
    const PasswordTurn turn{call.services.passwords};
    if (!turn.has_turn()) return std::unexpected(too_busy());
    const auto login = check_attempt(call, *attempt, *rules);
    if (!login) return std::unexpected(login.error());
    const auto step = check_code(call, *login, *attempt);
    if (!step) return std::unexpected(step.error());
    if (login->is_departed)
        return std::unexpected(
            refusal_of({.is_allowed = false, .code = "ART7_2_DEPARTED_ACCOUNT", .article = "7(2)"})
        );
    if (attempt->new_password.empty() && must_change(*login, *rules, call.now))
        return std::unexpected(forgive(
            call,
            login->account_id,
            problem(
                403, "PASSWORD_CHANGE_NEEDED", "This password has to be changed; send new_password beside it."
            )
        ));
    auto new_hash = hash_new(*attempt, *login, *rules);
    if (!new_hash) return std::unexpected(forgive(call, login->account_id, std::move(new_hash.error())));
    return open(call, *login, *step, std::move(*new_hash), *rules);
}

http::Response session_response(const Call& call, const SessionWords& session, const std::string& cookie) {
    const json body{
        {"id", to_string(session.id)},
        {"principal", session.principal},
        {"roles", session.roles},
        {"expires", to_rfc3339(session.expires)},
        {"idle_seconds", session.idle.count()},
        {"second_factor", session.has_second_factor},
        {"csrf_token", csrf_token_of(cookie)},
    };
    http::Response response;
    response.status = 201;
    response.body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    response.set("Content-Type", "application/json");
    const auto age = std::chrono::ceil<std::chrono::seconds>(session.expires - call.now);
    response.set("Cache-Control", "no-store");
    response.set("Set-Cookie", cookie_header(call.request, cookie, age));
    return response;
}

std::string cookie_header(const http::Request& request, std::string_view value, std::chrono::seconds age) {
    std::string header{kSessionCookie};
    header.append("=").append(value).append("; Path=/; Max-Age=").append(std::to_string(age.count()));
    header += "; HttpOnly; SameSite=Strict";
    if (request.is_tls) header += "; Secure";
    return header;
}

std::expected<policy::Logins, http::Problem> login_rules(const Call& call) {
    const auto history = catalogue::load_policy_history(call.services.database.pool());
    if (!history) return std::unexpected(to_problem(history.error()));
    return policy::in_force(*history, call.now).policy.logins;
}

}  // namespace sluice::api
