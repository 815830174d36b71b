#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// Accounts: principals whose owner is known. Each change and its record in the audit log are one
/// transaction. Roles: sluice_api, and sluice_super (the tool), unless it is said otherwise.
namespace sluice::catalogue {

/// Number and date ("2026-11-20") of a paper on file.
struct Paper {
    std::string document;
    std::string date;
};
struct AccountRow {
    Uuid id;
    PrincipalKind kind = PrincipalKind::person;
    std::string name;
    std::vector<std::string> roles;
    std::string unit;
    std::vector<Uuid> cameras;  ///< of a contractor's machine
    UtcTime valid_from;
    std::optional<UtcTime> valid_to;
    Paper acknowledgement;  ///< of confidentiality, article 7(2)
    UtcTime created;
    std::optional<UtcTime> disabled;
    std::string disable_reason;
    std::optional<UtcTime> departed;
    Paper departure;
    int revision = 1;  ///< counts changes; an edit names the one that it has seen
};

struct NewAccount {
    AccountRow account;
    std::string name_key;                      ///< of account::to_name
    std::optional<std::string> password_hash;  ///< a first password, of a person
};
/// The account's id: of the person who had a token already, else the row's. nullopt: an account has a name
/// that looks the same. The act's subject becomes the account.
[[nodiscard]] Result<std::optional<Uuid>> create_account(Pool& pool, const NewAccount& made, ledger::Act act);

[[nodiscard]] Result<std::optional<AccountRow>> find_account(Pool& pool, const Uuid& id);
[[nodiscard]] Result<std::optional<AccountRow>> find_account_by_key(Pool& pool, const std::string& name_key);
/// By id, at most `limit`, behind `after`.
[[nodiscard]] Result<std::vector<AccountRow>>
load_accounts(Pool& pool, const std::optional<Uuid>& after, std::size_t limit);

/// Who heads a unit at `now`, by id: accounts with role unit_head that stand.
[[nodiscard]] Result<std::vector<Uuid>> load_unit_heads(Pool& pool, const std::string& unit, UtcTime now);

/// Roles, unit, cameras and end of validity become the row's. False: it is not of the row's revision any
/// more, or its owner has left.
[[nodiscard]] Result<bool>
change_account(Pool& pool, const AccountRow& changed, const ledger::Act& act, UtcTime now);
/// False: it was disabled, or its owner had left.
[[nodiscard]] Result<bool>
disable_account(Pool& pool, const Uuid& id, const std::string& reason, const ledger::Act& act, UtcTime now);
/// Article 7(2): what its owner did stays his. False: had left before.
[[nodiscard]] Result<bool>
depart_account(Pool& pool, const Uuid& id, const Paper& paper, const ledger::Act& act, UtcTime now);

/// A password that its owner has to change. Ends the sessions that the old one opened. Role: sluice_super.
[[nodiscard]] Status
reset_password(Pool& pool, const Uuid& id, const std::string& hash, const ledger::Act& act, UtcTime now);
/// Sealed; nullopt takes it away. Role: sluice_super.
[[nodiscard]] Status set_second_factor(
    Pool& pool,
    const Uuid& id,
    const std::optional<Bytes>& secret,
    const ledger::Act& act,
    UtcTime now
);
/// Role: sluice_super.
[[nodiscard]] Status create_account_token(
    Pool& pool,
    const Uuid& id,
    const Sha256Digest& token_hash,
    const ledger::Act& act,
    UtcTime now
);

}  // namespace sluice::catalogue
