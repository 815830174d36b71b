#include "api/sessions/login.hpp"

#include "api/acts.hpp"
#include "api/csrf.hpp"
#include "api/sessions/password.hpp"
#include "config/base/log.hpp"
#include "config/base/token.hpp"
#include "storage/account/name.hpp"
#include "storage/catalogue/login_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

constexpr std::size_t kLongest = 512;

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

struct Attempt {
    std::string name;  ///< as it was typed
    PasswordAttempt with;
};

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
        .with =
            {
                .key = known ? known->key : std::string{},
                .password = std::move(*password),
                .code = std::move(*code),
                .new_password = std::move(*fresh),
            },
    };
}

bool must_change(const catalogue::LoginRow& login, const policy::Logins& rules, UtcTime now) {
    return login.is_initial || login.password_set + std::chrono::days{rules.password_days} <= now;
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
    const PasswordAttempt& with = attempt->with;
    const auto rules = login_rules(call);
    if (!rules) return std::unexpected(rules.error());
    if (!with.new_password.empty())
        if (auto fit = check_new_password(with.new_password, attempt->name, *rules); !fit)
            return std::unexpected(fit.error());
    const PasswordTurn turn{call.services.passwords};
    if (!turn.has_turn()) return std::unexpected(too_many_passwords());
    std::optional<Uuid> meant;
    const auto checked = check_password(call, with, *rules, meant);
    if (!checked) return std::unexpected(checked.error());
    if (!*checked) return std::unexpected(login_failed(call, meant));
    const catalogue::LoginRow& login = **checked;
    const auto code = check_code(call, login, with.code);
    if (!code) return std::unexpected(code.error());
    if (!code->is_right) return std::unexpected(login_failed(call, meant));
    if (login.is_departed)
        return std::unexpected(
            refusal_of({.is_allowed = false, .code = "ART7_2_DEPARTED_ACCOUNT", .article = "7(2)"})
        );
    if (with.new_password.empty() && must_change(login, *rules, call.now))
        return std::unexpected(forgive(
            call,
            login.account_id,
            problem(
                403, "PASSWORD_CHANGE_NEEDED", "This password has to be changed; send new_password beside it."
            )
        ));
    auto new_hash = hash_new(with, login, *rules);
    if (!new_hash) return std::unexpected(forgive(call, login.account_id, std::move(new_hash.error())));
    return open(call, login, code->step, std::move(*new_hash), *rules);
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

}  // namespace sluice::api
