#pragma once

#include <array>
#include <string_view>

/// Accounts: names that can't be taken for each other, passwords, second factors. Pure, no database.
namespace sluice::account {

inline constexpr std::array<std::string_view, 10> kPersonRoles{
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
};
/// Of machines that have an account; those of the bootstrap policy have none.
inline constexpr std::array<std::string_view, 2> kMachineRoles{"contractor", "door_controller"};
/// Powers that can be lent.
inline constexpr std::array<std::string_view, 2> kLentRoles{"director", "level1"};

}  // namespace sluice::account
