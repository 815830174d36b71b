#pragma once

#include "config/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::account {

/// What the policy wants of a new password.
struct PasswordRules {
    unsigned least_letters = 0;
    unsigned history = 0;  ///< so many former ones are not taken again
};

/// Without the history, which takes the hashes. Error: refuse, naming the cure.
[[nodiscard]] Status
check_password(std::string_view password, std::string_view name, const PasswordRules& rules);

/// argon2id, 64 MiB and about 0.1 s. Error: retry, without memory.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);
/// As long as hashing took. False also for what is no hash.
[[nodiscard]] bool is_password(const std::string& hash, std::string_view password);
/// A hash that no password has: work for a name that nobody has, so that it takes as long as any other.
[[nodiscard]] const std::string& nobodys_hash();

/// 20 letters that can be read aloud, about 100 random bits: for a first password.
[[nodiscard]] std::string make_password();

}  // namespace sluice::account
