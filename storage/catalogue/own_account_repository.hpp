#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// What people change of their own accounts. Each change rests on an attempt that `begin_login` had begun and
/// whose password was right: the attempt's success, the change and its record are one transaction. Secrets
/// come and go sealed. Role: sluice_api.
namespace sluice::catalogue {

struct OwnChange {
    Uuid account_id;
    std::string current_hash;          ///< that the password was checked against
    std::optional<std::int64_t> step;  ///< of the code, where there is a second factor
    ledger::Act act;
    UtcTime now;
};
/// False, here and below: the password is another one by now, or the code's step was used before. Whatever
/// the old password had opened is over.
[[nodiscard]] Result<bool> change_own_password(Pool& pool, const OwnChange& own, const std::string& new_hash);

/// To be confirmed by a code within ten minutes.
[[nodiscard]] Result<bool> propose_second_factor(Pool& pool, const OwnChange& own, const Bytes& secret);
/// nullopt: nothing waits to be confirmed.
[[nodiscard]] Result<std::optional<Bytes>>
find_proposed_factor(Pool& pool, const Uuid& account_id, UtcTime now);
/// Its owner has shown the code of `step`: the account has this second factor from now on, and no other.
/// False: another one was proposed meanwhile.
[[nodiscard]] Result<bool> confirm_second_factor(
    Pool& pool,
    const Uuid& account_id,
    const Bytes& secret,
    std::int64_t step,
    const ledger::Act& act,
    UtcTime now
);
/// Whatever was opened with it is over. False also when there is none.
[[nodiscard]] Result<bool> remove_second_factor(Pool& pool, const OwnChange& own);

/// One from before they were sealed is replaced by itself, sealed.
[[nodiscard]] Status
seal_second_factor(Pool& pool, const Uuid& account_id, const Bytes& plain, const Bytes& sealed);

}  // namespace sluice::catalogue
