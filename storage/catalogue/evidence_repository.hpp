#pragma once

#include "config/base/bytes.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"
#include "storage/release/case.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pqxx {
class transaction_base;  // NOLINT(readability-identifier-naming): the library's name
}

/// What is brought into a case beside its steps: papers, the worksheet, consents. Each names the case's
/// revision, which it raises: a step that was judged without it is judged anew. Roles: sluice_api.
namespace sluice::catalogue {

/// Who brings it, and when.
struct Bringing {
    Uuid request_id;
    int revision = 0;
    UtcTime now;
    ledger::Act act;  ///< its actor is who brings it
};

/// False, here and below: the case has another revision.
[[nodiscard]] Result<bool> add_evidence(
    Pool& pool,
    const Bringing& bringing,
    const release::Evidence& evidence,
    const Sha256Digest& sha256
);
/// The newest of this name. The file stands in the spool under its id.
[[nodiscard]] Result<std::optional<release::Evidence>>
find_evidence(Pool& pool, const Uuid& request_id, const std::string& name);

/// Answers to some of the grounds; the others stay as they are.
[[nodiscard]] Result<bool>
save_findings(Pool& pool, const Bringing& bringing, const std::vector<release::Finding>& findings);

/// An open inquiry of the same person is answered by it.
[[nodiscard]] Result<bool> add_consent(Pool& pool, const Bringing& bringing, const release::Consent& consent);
struct Withdrawal {
    Uuid consent_id;
    std::string reason;
    bool ends_grant = false;  ///< the consent was what the grant in force rests on
};
/// False also when it was withdrawn already.
[[nodiscard]] Result<bool>
withdraw_consent(Pool& pool, const Bringing& bringing, const Withdrawal& withdrawal);
/// Within the transaction of a step that it brings about, which raises the revision and ends the grant. For
/// repositories: a failed statement throws as libpqxx does. Error: refuse, when it was withdrawn already.
[[nodiscard]] Status
withdraw_consent(pqxx::transaction_base& transaction, const Bringing& bringing, const Withdrawal& withdrawal);

/// A third person is asked; the secretariat is told until when an answer may come. False also when the person
/// is being asked already.
[[nodiscard]] Result<bool> add_inquiry(Pool& pool, const Bringing& bringing, const release::Inquiry& inquiry);
/// `answer`: consented, objected. False also when it was answered already.
[[nodiscard]] Result<bool> answer_inquiry(
    Pool& pool,
    const Bringing& bringing,
    const Uuid& inquiry_id,
    const std::string& answer,
    const std::string& note
);

}  // namespace sluice::catalogue
