#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/duty/incident_words.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>

namespace pqxx {
class transaction_base;  // NOLINT(readability-identifier-naming): the library's name
}

/// Raising incidents. Roles: worker and API. What becomes of them: incident_case_repository.hpp.
namespace sluice::catalogue {

struct NewIncident {
    Uuid id;
    duty::IncidentKind kind = duty::IncidentKind::storage;
    UtcTime opened;  ///< when it was detected: clocks run from here. When it happened stands in the subject
    std::string cause;
    std::string subject = "{}";  ///< a JSON object: what it is about
    ledger::Actor actor;
    /// nullopt: what the kind begins with, and more while a duty period is in force.
    std::optional<duty::Severity> severity{};
};

/// Within the caller's transaction, with its record in the audit log and a notice to the secretariat. False:
/// there is one with this id, and nothing was written. For repositories: a failed statement throws as libpqxx
/// does. Error: refuse, for an act that can't be written down; then nothing may be committed.
[[nodiscard]] Result<bool> raise_incident(pqxx::transaction_base& transaction, const NewIncident& incident);
/// The same as a transaction of its own.
[[nodiscard]] Result<bool> raise_incident(Pool& pool, const NewIncident& incident);

/// Opens an incident of kind `storage` about a subject (a JSON object), unless one of the same cause was
/// opened within a day. False: there is one.
[[nodiscard]] Result<bool> file_storage_incident(
    Pool& pool,
    const std::string& cause,
    const std::string& subject,
    const std::string& program,
    UtcTime now
);

}  // namespace sluice::catalogue
