#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <chrono>
#include <optional>
#include <vector>

/// Browser sessions. The catalogue keeps SHA-256 of cookies, as of tokens. Role: sluice_api.
namespace sluice::catalogue {

struct NewSession {
    Uuid id;
    Sha256Digest cookie_hash{};
    Sha256Digest token_hash{};
    UtcTime opened;
    std::chrono::seconds longest{};  ///< ends then at the latest
    std::chrono::seconds idle{};     ///< and when nobody has asked for so long
};
/// When it will end at the latest; nullopt: the token is not valid.
/// With a session comes the act's record.
[[nodiscard]] Result<std::optional<UtcTime>>
open_session(Pool& pool, const NewSession& session, const ledger::Act& act);

/// Who stands behind a cookie while its session and the token it was opened with are valid. Keeps the session
/// awake.
[[nodiscard]] Result<std::optional<PrincipalRow>>
find_by_session(Pool& pool, const Sha256Digest& cookie_hash, UtcTime now);

/// nullopt: it was over already, or never was. Else with a record of the act, whose subject becomes the
/// session.
[[nodiscard]] Result<std::optional<EndedSession>>
close_session(Pool& pool, const Sha256Digest& cookie_hash, ledger::Act act, UtcTime now);

/// Sessions that have ended by themselves since this was asked last; each is told once, whoever asks.
[[nodiscard]] Result<std::vector<EndedSession>> end_stale_sessions(Pool& pool, UtcTime now);

}  // namespace sluice::catalogue
