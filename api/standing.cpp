#include "api/standing.hpp"

#include "storage/catalogue/policy_repository.hpp"
#include "storage/release/viewing.hpp"

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

Status add_footage(catalogue::Pool& pool, const Uuid& principal_id, Standing& standing) {
    const auto granted = catalogue::load_granted_footage(pool, principal_id, standing.at);
    if (!granted) return std::unexpected(granted.error());
    for (const catalogue::GrantedFootageRow& row : *granted)
        standing.footage.push_back(right_of(row, standing.at));
    return {};
}

}  // namespace

FootageRight right_of(const catalogue::GrantedFootageRow& row, UtcTime now) {
    FootageRight right{
        .camera_id = row.camera_id, .stream = row.stream, .interval = row.interval, .is_masked = row.is_masked
    };
    if (!row.session) return right;
    const release::ViewingFacts facts{
        .is_view = true,  // each kind opens what is its own
        .is_masked = row.is_masked,
        .is_revoked = false,
        .is_in_session = row.request_state == "in_session",
        .grant_to = row.grant_to,
        .slot = row.session->slot,
        .joined = row.session->joined,
        .presence_to = row.session->presence_to,
        .is_ended = false,
    };
    if (release::find_obstacle(facts, now)) return right;
    const bool is_copy = row.kind == "copy";
    if (is_copy && !row.session->copy_id) return right;
    right.kind = is_copy ? FootageRight::Kind::copy : FootageRight::Kind::viewing;
    right.session_id = row.session->id;
    if (is_copy) right.copy_id = row.session->copy_id;
    return right;
}

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
    // Likewise what was granted.
    const bool is_footage = facts_of(action).resource == Resource::footage;
    if (!standing.is_bootstrap && principal != nullptr && is_footage)
        if (const auto added = add_footage(pool, principal->id, standing); !added)
            return std::unexpected(added.error());
    return standing;
}

}  // namespace sluice::api
