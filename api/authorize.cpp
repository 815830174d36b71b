#include "api/authorize.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace sluice::api {
namespace {

using Actions = std::initializer_list<Action>;

constexpr Actions kFootage{
    Action::read_clip,
    Action::read_snapshot,
    Action::play_recorded,
    Action::read_live,
    Action::read_media
};
/// What is recorded, without showing it.
constexpr Actions kInventory{
    Action::list_cameras,
    Action::read_camera,
    Action::list_segments,
    Action::read_coverage
};
/// Everybody with a token: the more who have seen a checkpoint, the better.
constexpr Actions kSession{
    Action::read_contract,
    Action::open_session,
    Action::close_session,
    Action::read_ledger
};

/// A rule of two persons: a machine has no part in it.
constexpr Actions kTwoPersons{Action::propose_policy, Action::adopt_policy};

struct RoleRights {
    std::string_view role;
    bool sees_inventory = false;
    Actions actions{};
};
constexpr Actions kKeeps{
    Action::read_holds,
    Action::change_hold,
    Action::read_policy,
    Action::propose_policy,
    Action::list_jobs,
    Action::read_job,
    Action::start_purge,
    Action::read_retention
};
constexpr Actions kDirects{
    Action::read_holds,
    Action::read_policy,
    Action::adopt_policy,
    Action::read_retention
};
constexpr Actions kSupervises{
    Action::read_holds,
    Action::read_policy,
    Action::list_jobs,
    Action::read_job,
    Action::read_records,
    Action::cosign_ledger,
    Action::read_retention
};
constexpr Actions kConfigures{
    Action::read_policy,
    Action::list_jobs,
    Action::read_job,
    Action::read_retention
};
/// Persons. Roles that stand in no line may open a session and nothing else.
constexpr std::array kPersons{
    RoleRights{"secretariat", true, kKeeps},
    RoleRights{"director", true, kDirects},
    RoleRights{"ethics", true, kSupervises},
    RoleRights{"auditor", true, kSupervises},
    RoleRights{"admin", true, kConfigures},
};

bool is_in(Actions actions, Action action) {
    return std::ranges::find(actions, action) != actions.end();
}

bool machine_may(std::string_view role, Action action) {
    // From here on everything is a person's.
    if (role == "operator") return action < Action::create_account && !is_in(kTwoPersons, action);
    if (role == "viewer")
        return is_in(kFootage, action) || is_in(kInventory, action) || is_in(kSession, action);
    if (role == "metrics") return action == Action::read_metrics;
    return false;
}

bool person_may(std::string_view role, Action action) {
    if (is_in(kSession, action)) return true;
    const auto rights = std::ranges::find(kPersons, role, &RoleRights::role);
    if (rights == kPersons.end()) return false;
    return is_in(rights->actions, action) || (rights->sees_inventory && is_in(kInventory, action));
}

bool role_allows(catalogue::PrincipalKind kind, std::string_view role, Action action) {
    switch (kind) {
        case catalogue::PrincipalKind::machine:
            return machine_may(role, action);
        case catalogue::PrincipalKind::person:
            return person_may(role, action);
        case catalogue::PrincipalKind::system:
            return false;  // a program of ours has no token
    }
    return false;
}

}  // namespace

Decision authorize(const catalogue::PrincipalRow* principal, Action action, const Subject& subject) {
    static_cast<void>(subject);  // `bootstrap` knows no rule about cameras or times; the articles do
    if (action == Action::read_health)
        return {.is_allowed = true, .code = {}, .article = {}, .obligations = {}};
    if (principal == nullptr)
        return {.is_allowed = false, .code = "UNAUTHENTICATED", .article = {}, .obligations = {}};
    const bool allowed = std::ranges::any_of(principal->roles, [&](const std::string& role) {
        return role_allows(principal->kind, role, action);
    });
    if (allowed) return {.is_allowed = true, .code = {}, .article = {}, .obligations = {}};
    return {.is_allowed = false, .code = "ROLE_NOT_ALLOWED", .article = {}, .obligations = {}};
}

}  // namespace sluice::api
