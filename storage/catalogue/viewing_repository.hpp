#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Escorted sessions. Role: sluice_api; sluice_worker where it says so.
namespace sluice::catalogue {

/// A resolved interval of a grant.
struct GrantItem {
    Uuid camera_id;
    std::string camera_slug;
    std::string camera_name;
    StreamKind stream = StreamKind::main;
    TimeRange asked;
    TimeRange granted;  ///< as resolved to frames
    bool is_outward = false;
};

/// What a request stands at for whoever wants to open a session of it.
struct AppointmentRow {
    Uuid request_id;
    std::string state;  ///< of the request
    std::string dossier;
    // The slot that no later one has replaced; nil: there is none.
    Uuid slot_id;
    TimeRange slot;
    std::string slot_kind;
    Uuid escort_id;
    std::string escort;
    std::optional<Uuid> viewer_id;  ///< nullopt: has no account
    std::string viewer;
    // The decision in force; nil: there is none.
    Uuid grant_id;
    std::string grant_kind;
    UtcTime decided;
    UtcTime grant_to;
    bool is_masked = false;
    std::string outcome;  ///< JSON object: of a refusal, or an answer that nothing is held; empty: neither
};
[[nodiscard]] Result<std::optional<AppointmentRow>> find_appointment(Pool& pool, const Uuid& request_id);

struct ViewingRow {
    Uuid id;
    Uuid request_id;
    std::string dossier;
    Uuid grant_id;
    Uuid slot_id;
    TimeRange slot;
    Uuid escort_id;
    std::string escort;
    std::optional<Uuid> viewer_id;
    std::string viewer;
    UtcTime opened;
    UtcTime presence_to;
    std::optional<UtcTime> joined;
    std::optional<UtcTime> ended;
    std::string end_reason;
    std::optional<std::int64_t> register_line;
    std::string request_state;
    std::string grant_kind;
    UtcTime grant_to;
    bool is_masked = false;
    bool is_revoked = false;
    bool is_replaced = false;  ///< the slot, by another one
};
[[nodiscard]] Result<std::optional<ViewingRow>> find_viewing(Pool& pool, const Uuid& id);
/// The one of a request that has not ended.
[[nodiscard]] Result<std::optional<ViewingRow>> find_open_viewing(Pool& pool, const Uuid& request_id);
/// Of a request, the oldest first. Also for sluice_worker and sluice_auditor.
[[nodiscard]] Result<std::vector<ViewingRow>> load_viewings(Pool& pool, const Uuid& request_id);
[[nodiscard]] Result<std::vector<GrantItem>> load_grant_items(Pool& pool, const Uuid& grant_id);

struct NewViewing {
    Uuid id;
    AppointmentRow appointment;
    UtcTime opened;
    UtcTime presence_to;
};
/// The id of its record in the audit log; nullopt: another session of the request is open.
[[nodiscard]] Result<std::optional<Uuid>>
open_viewing(Pool& pool, const NewViewing& viewing, const ledger::Act& act);

/// False: it is over. Has no record of its own: it comes every few minutes, and its lack ends the session.
[[nodiscard]] Result<bool> renew_presence(Pool& pool, const Uuid& id, UtcTime presence_to);

/// Counts a try with the slot's code, before it is compared. nullopt: there is no code, or `most` were tried.
[[nodiscard]] Result<std::optional<Sha256Digest>> try_code(Pool& pool, const Uuid& slot_id, unsigned most);
/// The id of its record; nullopt: somebody has joined already, or it is over.
[[nodiscard]] Result<std::optional<Uuid>>
join_viewing(Pool& pool, const Uuid& id, const Sha256Digest& token, const ledger::Act& act, UtcTime now);
struct SessionViewer {
    std::optional<Uuid> account_id;  ///< nullopt: has none, and came with a code
};
/// The viewer of this session, if the token is theirs and their account is in its time at `now`. How the
/// account stands otherwise is to be asked of load_standing.
[[nodiscard]] Result<std::optional<SessionViewer>>
find_viewer(Pool& pool, const Uuid& id, const Sha256Digest& token, UtcTime now);

/// Ends it, with its line in the register if somebody had joined. False: it had ended. Also for
/// sluice_worker, whose principal is nullopt.
struct ViewingEnd {
    Uuid id;
    std::string reason;  ///< ended, presence_lost, slot_over, request_moved
    ledger::Actor actor;
};
[[nodiscard]] Result<bool> end_viewing(Pool& pool, const ViewingEnd& end, UtcTime now);

/// Sessions that nobody ended and that play no more, with the reason. Role: sluice_worker.
struct OverdueViewing {
    Uuid id;
    Uuid request_id;
    std::string reason;
};
[[nodiscard]] Result<std::vector<OverdueViewing>>
load_overdue_viewings(Pool& pool, UtcTime presence_before, UtcTime now);

}  // namespace sluice::catalogue
