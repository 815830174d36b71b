#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/duty/incident_words.hpp"
#include "storage/ledger/act.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pqxx {
class transaction_base;  // NOLINT(readability-identifier-naming): the library's name
}

/// Incidents and what has gathered on them. Roles: worker and API note and link; the API takes the steps;
/// worker, API and auditor read.
namespace sluice::catalogue {

struct IncidentRow {
    Uuid id;
    duty::IncidentKind kind = duty::IncidentKind::storage;
    duty::Severity severity = duty::Severity::medium;
    duty::IncidentState state = duty::IncidentState::detected;
    UtcTime opened;
    UtcTime state_since;
    int revision = 1;  ///< counts steps; a step names the one that it has seen
    std::string cause;
    std::string subject;  ///< JSON object
    std::string opener;
};
struct IncidentCursor {
    UtcTime opened;
    Uuid id;
};
struct IncidentFilter {
    std::optional<duty::IncidentKind> kind;
    bool is_open = false;
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<IncidentRow>> load_incidents(
    Pool& pool,
    const IncidentFilter& filter,
    std::optional<IncidentCursor> after,
    std::size_t limit
);
[[nodiscard]] Result<std::optional<IncidentRow>> find_incident(Pool& pool, const Uuid& id);
/// Those for which something is waited for, oldest first, at most `limit`.
[[nodiscard]] Result<std::vector<IncidentRow>> load_running_incidents(Pool& pool, std::size_t limit);

/// A notice that the next step is late, once for each audience and time. How many are new. Role:
/// sluice_worker.
[[nodiscard]] Result<std::size_t> tell_late_incident(
    Pool& pool,
    const Uuid& id,
    const std::vector<std::string>& audiences,
    UtcTime due,
    UtcTime now
);

struct IncidentStep {
    UtcTime at;
    std::string action;
    duty::IncidentState from = duty::IncidentState::detected;
    duty::IncidentState to = duty::IncidentState::detected;
    std::string part;
    Uuid principal_id;
    std::string principal;
    std::string facts;  ///< JSON object
};
struct IncidentNote {
    UtcTime at;
    std::string text;
    std::string author;
};
/// Kind "event", "alarm", "request", "repair", "follow_up" or "incident", and the id of one.
struct IncidentLink {
    std::string kind;
    std::string target;
    std::string note;
    UtcTime at;
    std::string linker;
};
/// A pointer, never a grant.
struct IncidentFootage {
    std::string camera;  ///< slug
    TimeRange range;
    std::string note;
    UtcTime at;
    std::string adder;
};
/// What has gathered on an incident, each in the order of time.
struct IncidentParts {
    std::vector<IncidentStep> steps;
    std::vector<IncidentNote> notes;
    std::vector<IncidentLink> links;
    std::vector<IncidentFootage> footage;
    std::vector<Uuid> holds;  ///< in force
    std::size_t open_repairs = 0;
};
[[nodiscard]] Result<IncidentParts> load_incident_parts(Pool& pool, const Uuid& id, UtcTime now);

struct TakenIncidentStep {
    Uuid id;
    int revision = 1;  ///< that was seen
    duty::IncidentState from = duty::IncidentState::detected;
    duty::IncidentState to = duty::IncidentState::detected;
    std::string action;
    std::string part;
    std::optional<duty::Severity> severity;  ///< nullopt: stays
    ledger::Actor actor;                     ///< a person or machine, with its id
    std::string facts;                       ///< JSON object
};
/// State, history and record in the audit log in one transaction; with an end the incident's holds end too.
/// False: it is not of this revision any more.
[[nodiscard]] Result<bool> take_incident_step(Pool& pool, const TakenIncidentStep& taken, UtcTime now);

/// Added to, never changed. With a record in the audit log. False: the same link or pointer is there.
[[nodiscard]] Status add_incident_note(
    Pool& pool,
    const Uuid& id,
    const std::string& text,
    const ledger::Actor& actor,
    UtcTime now
);
[[nodiscard]] Result<bool> add_incident_link(
    Pool& pool,
    const Uuid& id,
    const IncidentLink& link,
    const ledger::Actor& actor,
    UtcTime now
);
/// Within the caller's transaction, without a record of its own: for whoever raises an incident of an event.
bool link_incident(
    pqxx::transaction_base& transaction,
    const Uuid& id,
    const IncidentLink& link,
    const ledger::Actor& actor
);
[[nodiscard]] Result<bool> add_incident_footage(
    Pool& pool,
    const Uuid& id,
    const Uuid& camera_id,
    const IncidentFootage& footage,
    const ledger::Actor& actor,
    UtcTime now
);

}  // namespace sluice::catalogue
