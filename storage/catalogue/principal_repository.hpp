#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::catalogue {

/// A new machine principal with one token. Only the token's SHA-256 is stored; the record says who made it.
/// Role: sluice_owner's function `create_machine_token`, callable by sluice_worker and sluice_super (the
/// CLI), not by the API.
[[nodiscard]] Result<PrincipalRow> create_machine_token(
    Pool& pool,
    const std::string& name,
    const std::string& role,
    const Sha256Digest& token_hash,
    UtcTime now,
    const ledger::Actor& maker = ledger::system_actor("sluice")
);
/// A token for a person of this name, who is made if nobody has it. nullopt: the person has other roles.
/// Role: as above.
[[nodiscard]] Result<std::optional<PrincipalRow>> create_person_token(
    Pool& pool,
    const std::string& name,
    const std::vector<std::string>& roles,
    const Sha256Digest& token_hash,
    UtcTime now,
    const ledger::Actor& maker = ledger::system_actor("sluice")
);
/// The principal of a valid token at `now`; nullopt: unknown, revoked or out of validity. Role: sluice_api.
[[nodiscard]] Result<std::optional<PrincipalRow>>
find_by_token(Pool& pool, const Sha256Digest& token_hash, UtcTime now);

}  // namespace sluice::catalogue
