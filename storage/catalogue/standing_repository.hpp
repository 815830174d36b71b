#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// What a principal may do besides what its roles say: powers that were lent, approvals to see live. Role:
/// sluice_api.
namespace sluice::catalogue {

struct StandingRow {
    bool is_bootstrap = false;  ///< no person has an account
    bool is_departed = false;
    bool is_shut = false;  ///< disabled, or a person without an account where others have one
    std::string unit;
    std::vector<Uuid> cameras;
    std::optional<UtcTime> live_until;
    std::vector<std::string> lent_roles;  ///< "director", "level1"
    std::vector<std::string> roles;       ///< as they are now
};
/// Without an id: of whoever has no token.
[[nodiscard]] Result<StandingRow>
load_standing(Pool& pool, const std::optional<Uuid>& principal_id, UtcTime now);
/// Whether nobody has an account yet.
[[nodiscard]] Result<bool> is_bootstrap(Pool& pool);

/// A granted interval of somebody who asked for it or is appointed to see it, and the open session of which
/// that person is the viewer.
struct GrantedFootageRow {
    Uuid camera_id;
    StreamKind stream = StreamKind::main;
    TimeRange interval;  ///< as resolved to frames
    std::string kind;    ///< "view", "copy"
    bool is_masked = false;
    UtcTime grant_to;
    std::string request_state;
    struct Session {
        Uuid id;
        TimeRange slot;
        std::optional<UtcTime> joined;
        UtcTime presence_to;
        std::optional<Uuid> copy_id;  ///< ordered in it
    };
    std::optional<Session> session;
};
/// Of decisions that are in force.
[[nodiscard]] Result<std::vector<GrantedFootageRow>>
load_granted_footage(Pool& pool, const Uuid& principal_id, UtcTime now);

/// An approver's power in other hands.
struct DelegationRow {
    Uuid id;
    std::string role;  ///< "director" or "level1"
    Uuid from_id;
    std::string from;  ///< name; filled by reads
    Uuid to_id;
    std::string to;  ///< likewise
    TimeRange valid;
    std::string document;
    UtcTime created;
    std::optional<UtcTime> revoked;
};
/// Each of these and its record in the audit log are one transaction. False: there is one with this id.
[[nodiscard]] Result<bool> create_delegation(Pool& pool, const DelegationRow& made, const ledger::Act& act);
[[nodiscard]] Result<std::optional<DelegationRow>> find_delegation(Pool& pool, const Uuid& id);
/// Newest first, at most `limit`, behind `before`.
[[nodiscard]] Result<std::vector<DelegationRow>>
load_delegations(Pool& pool, const std::optional<Uuid>& before, std::size_t limit);
/// False: it was revoked.
[[nodiscard]] Result<bool> revoke_delegation(Pool& pool, const Uuid& id, const ledger::Act& act, UtcTime now);

struct LiveApprovalRow {
    Uuid id;
    Uuid account_id;
    std::string account;  ///< name; filled by reads
    TimeRange valid;
    std::string document;
    std::string reason;
    Uuid approver_id;
    std::string approver;
    UtcTime approved;
    std::optional<UtcTime> revoked;
    std::string revoker;
};
/// As above.
[[nodiscard]] Result<bool>
create_live_approval(Pool& pool, const LiveApprovalRow& made, const ledger::Act& act);
[[nodiscard]] Result<std::optional<LiveApprovalRow>> find_live_approval(Pool& pool, const Uuid& id);
/// Newest first, at most `limit`, behind `before`.
[[nodiscard]] Result<std::vector<LiveApprovalRow>>
load_live_approvals(Pool& pool, const std::optional<Uuid>& before, std::size_t limit);
/// False: it was revoked.
[[nodiscard]] Result<bool>
revoke_live_approval(Pool& pool, const Uuid& id, const ledger::Act& act, UtcTime now);

}  // namespace sluice::catalogue
