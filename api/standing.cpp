#include "api/standing.hpp"

#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/standing_repository.hpp"

namespace sluice::api {
namespace {

std::optional<Role> delegate_of(std::string_view role) {
    if (role == "director") return Role::delegate_of_director;
    if (role == "level1") return Role::delegate_of_level1;
    return std::nullopt;
}

Status add_second_factors(catalogue::Pool& pool, Standing& standing) {
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(history.error());
    const policy::Logins& logins = policy::in_force(*history, standing.at).policy.logins;
    standing.wants_factor_to_approve = logins.wants_factor_to_approve;
    standing.wants_factor_to_export = logins.wants_factor_to_export;
    standing.wants_factor_to_escort = logins.wants_factor_to_escort;
    return {};
}

}  // namespace

Result<Standing>
load_standing(catalogue::Pool& pool, const catalogue::PrincipalRow* principal, Action action, UtcTime now) {
    const auto row = catalogue::load_standing(
        pool, principal != nullptr ? std::optional{principal->id} : std::nullopt, now
    );
    if (!row) return std::unexpected(row.error());
    Standing standing;
    standing.at = now;
    standing.is_bootstrap = row->is_bootstrap;
    standing.is_departed = row->is_departed;
    standing.is_shut = row->is_shut;
    standing.unit = row->unit;
    standing.roles = row->roles;
    standing.cameras = row->cameras;
    standing.live_until = row->live_until;
    standing.has_second_factor = principal != nullptr && principal->has_second_factor;
    for (const std::string& word : row->lent_roles)
        if (const auto role = delegate_of(word)) standing.lent_roles.push_back(*role);
    // The policy is read only for what it has a say in.
    if (!standing.is_bootstrap && facts_of(action).second_factor != SecondFactor::never)
        if (const auto added = add_second_factors(pool, standing); !added)
            return std::unexpected(added.error());
    return standing;
}

}  // namespace sluice::api
