#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Sessions by password. Hashes and secrets leave the database for one attempt at a time, and each attempt
/// counts as failed until it has succeeded. Role: sluice_api.
namespace sluice::catalogue {

struct LoginRow {
    Uuid account_id;
    std::string hash;
    std::optional<Bytes> totp_secret;  ///< as it lies there: see account::open_secret
    UtcTime password_set;
    bool is_initial = false;   ///< somebody else knows the password too
    bool is_departed = false;  ///< tell it only to who knows the password
    std::vector<std::string> older_hashes;
};
struct LoginLimits {
    unsigned most_failures = 0;
    std::chrono::minutes lock{};
    unsigned history = 0;  ///< how many older hashes are asked for
};
/// nullopt: no such account, or it is locked, disabled, out of its time, or has no password.
[[nodiscard]] Result<std::optional<LoginRow>>
begin_login(Pool& pool, const std::string& name_key, const LoginLimits& limits, UtcTime now);

/// The password was right, and nothing is opened for another reason: no failure to be counted.
[[nodiscard]] Status forgive_attempt(Pool& pool, const Uuid& account_id);

struct PasswordSession {
    Uuid id;
    Sha256Digest cookie_hash{};
    Uuid account_id;
    std::optional<std::int64_t> totp_step;  ///< it was opened with a code of this step
    std::chrono::seconds longest{};
    std::chrono::seconds idle{};
    /// Changes the password: from what it was checked against to the new one.
    std::optional<std::string> current_hash;
    std::optional<std::string> new_hash;
};
struct OpenedSession {
    UtcTime expires;
    std::string name;
    std::vector<std::string> roles;
};
/// The attempt has succeeded; it, the session, a new password and the act's record are one transaction, whose
/// actor becomes the account. nullopt: the code's step was used before, the password is another one by now,
/// or the account is no longer in order.
[[nodiscard]] Result<std::optional<OpenedSession>>
open_password_session(Pool& pool, const PasswordSession& session, ledger::Act act, UtcTime now);

}  // namespace sluice::catalogue
