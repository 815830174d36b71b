#pragma once

#include "config/policy/history.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// Versions of the policy. Roles: everybody reads; sluice_api proposes and adopts.
namespace sluice::catalogue {

struct Adoption {
    std::string adopter;
    UtcTime adopted;
    std::string document;  ///< number of the paper
    UtcTime valid_from;
};
struct PolicyVersionRow {
    int number = 0;
    policy::Rules rules;  ///< as they were written; policy::completed gives what counts
    std::string note;
    std::optional<Uuid> proposer_id;  ///< nullopt: came with the program
    std::string proposer;
    UtcTime proposed;
    std::optional<Adoption> adoption;  ///< nullopt: a proposal
};

/// By number. Error: abandon_file, when a version can't be read.
[[nodiscard]] Result<std::vector<PolicyVersionRow>> load_policy_versions(Pool& pool);
/// The adopted ones, for the rules, each completed by the shipped rules that are younger than it; never none.
/// Error: as above; operator_acts, when a version does not say what the rules need, or none is adopted.
[[nodiscard]] Result<policy::History> load_policy_history(Pool& pool);

/// Actor of the records of both: the person in the role that allows it.
[[nodiscard]] ledger::Actor actor_of(const PrincipalRow& principal, std::string role);

/// The new version's number. Each step and its record in the audit log are one transaction. Pre:
/// policy::to_policy takes the rules. Error: refuse, when the proposer is no person of the secretariat.
[[nodiscard]] Result<int> propose_policy(
    Pool& pool,
    const policy::Rules& rules,
    const std::string& note,
    const PrincipalRow& proposer,
    UtcTime now
);
/// False: there is no such proposal any more. Error: refuse, when the proposer adopts it or `valid_from` has
/// passed.
[[nodiscard]] Result<bool> adopt_policy(
    Pool& pool,
    int number,
    const PrincipalRow& adopter,
    const std::string& document,
    UtcTime valid_from,
    UtcTime now
);

}  // namespace sluice::catalogue
