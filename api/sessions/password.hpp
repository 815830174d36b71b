#pragma once

#include "api/body.hpp"
#include "api/route.hpp"
#include "config/policy/policy.hpp"
#include "storage/catalogue/login_repository.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

/// Attempts with a password, at the login and before an account's owner changes what opens it. Whoever begins
/// one holds a turn (PasswordTurn).
namespace sluice::api {

struct PasswordAttempt {
    std::string key;  ///< of the name; empty: no account can have this name
    std::string password;
    std::string code;
    std::string new_password;  ///< empty: it stays
};

/// A member that is a password: not trimmed, and any letter may stand in it. Empty: it is not there.
[[nodiscard]] std::expected<std::string, http::Problem> secret_member(const Body& body, const char* name);

/// How passwords and sessions are by the policy in force.
[[nodiscard]] std::expected<policy::Logins, http::Problem> login_rules(const Call& call);

/// 422 unless a new password is one that may be taken, as far as this tells without the account's old ones.
[[nodiscard]] std::expected<void, http::Problem>
check_new_password(const std::string& password, const std::string& name, const policy::Logins& rules);

/// The account, when the password is its own. The attempt counts as failed from here on. The same work
/// whether there is such an account or not. nullopt: wrong, or no such account; `account` then says which one
/// was meant.
[[nodiscard]] std::expected<std::optional<catalogue::LoginRow>, http::Problem> check_password(
    const Call& call,
    const PasswordAttempt& attempt,
    const policy::Logins& rules,
    std::optional<Uuid>& account
);

struct CodeCheck {
    bool is_right = false;             ///< also where the account wants none
    std::optional<std::int64_t> step;  ///< of the code
};
[[nodiscard]] std::expected<CodeCheck, http::Problem>
check_code(const Call& call, const catalogue::LoginRow& login, const std::string& code);

/// The hash of the new password; nullopt: it stays. 422 for one of the account's last ones.
[[nodiscard]] std::expected<std::optional<std::string>, http::Problem>
hash_new(const PasswordAttempt& attempt, const catalogue::LoginRow& login, const policy::Logins& rules);

/// The password was right, and the refusal has another reason: no failure to be counted.
[[nodiscard]] http::Problem forgive(const Call& call, const Uuid& account, http::Problem refusal);

[[nodiscard]] http::Problem too_many_passwords();

}  // namespace sluice::api
