#include "api/authorisation_words.hpp"

#include <algorithm>
#include <array>

namespace sluice::api {
namespace {

constexpr std::array<std::string_view, kRoleCount> kRoles{
    "nobody",
    "visitor",
    "secretariat",
    "ethics",
    "level1",
    "director",
    "unit_head",
    "applicant",
    "guard",
    "auditor",
    "reviewer",
    "admin",
    "delegate_of_director",
    "delegate_of_level1",
    "operator",
    "viewer",
    "metrics",
    "contractor",
    "door_controller",
};
constexpr std::array<std::string_view, kRelationCount> kRelations{"other", "unit", "own"};
constexpr std::array<std::string_view, kStateCount> kStates{
    "bootstrap",
    "active",
    "unverified",
    "departed",
    "ungranted",
    "view_granted",
    "viewing",
    "copy_granted",
    "masked",
    "live_approved",
};

}  // namespace

std::string_view to_string(Role role) noexcept {
    return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> role_from_string(std::string_view name) noexcept {
    const auto found = std::ranges::find(kRoles, name);
    if (found == kRoles.end()) return std::nullopt;
    return static_cast<Role>(found - kRoles.begin());
}

std::string_view to_string(Relation relation) noexcept {
    return kRelations[static_cast<std::size_t>(relation)];
}

std::string_view to_string(State state) noexcept {
    return kStates[static_cast<std::size_t>(state)];
}

}  // namespace sluice::api
