#include "api/sessions/password.hpp"

#include "api/policy_in_force.hpp"
#include "storage/account/password.hpp"
#include "storage/account/sealed_secret.hpp"
#include "storage/account/totp.hpp"
#include "storage/catalogue/own_account_repository.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

constexpr std::size_t kLongest = 512;

http::Problem unfit_password(const std::string& why) {
    return unfit_member("new_password", "PASSWORD_UNFIT", "This one is not taken: " + why + ".");
}

/// From a time when they lay open in the database.
Status seal_if_plain(const Call& call, const Uuid& account, const Bytes& stored) {
    if (account::is_sealed(stored)) return {};
    const auto sealed = account::seal_secret(call.services.config.data, account, stored);
    if (!sealed) return std::unexpected(sealed.error());
    return catalogue::seal_second_factor(call.services.database.pool(), account, stored, *sealed);
}

}  // namespace

http::Problem too_many_passwords() {
    http::Problem busy = problem(503, "BUSY", "Too many log in at the same time; try again shortly.");
    busy.retry_after = std::chrono::seconds{5};
    return busy;
}

std::expected<std::string, http::Problem> secret_member(const Body& body, const char* name) {
    const std::string raw = body.raw(name);
    if (raw.empty()) return std::string{};
    const nlohmann::json value = nlohmann::json::parse(raw, nullptr, false);
    if (value.is_null()) return std::string{};
    if (!value.is_string()) return std::unexpected(bad_member(name, "It is a text."));
    auto text = value.get<std::string>();
    if (text.size() > kLongest)
        return std::unexpected(unfit_member(name, "MEMBER_TOO_LONG", "It has at most 512 bytes."));
    return text;
}

std::expected<policy::Logins, http::Problem> login_rules(const Call& call) {
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    return rules->logins;
}

std::expected<void, http::Problem>
check_new_password(const std::string& password, const std::string& name, const policy::Logins& rules) {
    const account::PasswordRules wanted{rules.password_letters, rules.password_history};
    const auto fit = account::check_password(password, name, wanted);
    if (!fit) return std::unexpected(unfit_password(fit.error().message()));
    return {};
}

std::expected<std::optional<catalogue::LoginRow>, http::Problem> check_password(
    const Call& call,
    const PasswordAttempt& attempt,
    const policy::Logins& rules,
    std::optional<Uuid>& account
) {
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
    if (*login) account = (*login)->account_id;
    if (!is_right) login->reset();
    return std::move(*login);
}

std::expected<CodeCheck, http::Problem>
check_code(const Call& call, const catalogue::LoginRow& login, const std::string& code) {
    if (!login.totp_secret) return CodeCheck{.is_right = true, .step = std::nullopt};
    const auto secret = account::open_secret(call.services.config.data, login.account_id, *login.totp_secret);
    if (!secret) return std::unexpected(to_problem(secret.error()));
    const auto step = account::find_totp_step(*secret, code, call.now);
    if (!step) return CodeCheck{};
    if (auto sealed = seal_if_plain(call, login.account_id, *login.totp_secret); !sealed)
        return std::unexpected(to_problem(sealed.error()));
    return CodeCheck{.is_right = true, .step = step};
}

std::expected<std::optional<std::string>, http::Problem>
hash_new(const PasswordAttempt& attempt, const catalogue::LoginRow& login, const policy::Logins& rules) {
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

http::Problem forgive(const Call& call, const Uuid& account, http::Problem refusal) {
    const auto forgiven = catalogue::forgive_attempt(call.services.database.pool(), account);
    return forgiven ? std::move(refusal) : to_problem(forgiven.error());
}

}  // namespace sluice::api
