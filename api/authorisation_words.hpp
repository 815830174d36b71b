#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// The words of the authorisation table.
namespace sluice::api {

enum class Role : std::uint8_t {
    nobody,   ///< without token or session
    visitor,  ///< holds the one-time code of a viewing
    secretariat,
    ethics,
    level1,
    director,
    unit_head,
    applicant,
    guard,
    auditor,
    reviewer,
    admin,
    delegate_of_director,  ///< whom the director has lent the power to decide
    delegate_of_level1,
    operator_,  ///< "operator" outside; this and the next are machines
    viewer,
    metrics,
    contractor,
    door_controller,
};
inline constexpr std::size_t kRoleCount = static_cast<std::size_t>(Role::door_controller) + 1;
[[nodiscard]] std::string_view to_string(Role role) noexcept;
[[nodiscard]] std::optional<Role> role_from_string(std::string_view name) noexcept;

/// How whoever asks stands to what is asked about.
enum class Relation : std::uint8_t {
    other,
    unit,  ///< it is of the asker's unit, or the unit was asked for its opinion
    own,
};
inline constexpr std::size_t kRelationCount = 3;
[[nodiscard]] std::string_view to_string(Relation relation) noexcept;

/// How things stand when it is asked.
enum class State : std::uint8_t {
    bootstrap,   ///< no account exists: articles are not enforced
    active,      ///< accounts exist
    unverified,  ///< the policy wants a second factor for this, and the session was opened without
    departed,    ///< the account's owner has left
    // Of footage, once accounts exist:
    ungranted,
    view_granted,  ///< decided, but no viewing is open
    viewing,       ///< escort and viewer are there
    copy_granted,
    masked,         ///< a mask was decided, and it isn't rendered
    live_approved,  ///< the standing approval has not expired
};
inline constexpr std::size_t kStateCount = static_cast<std::size_t>(State::live_approved) + 1;
[[nodiscard]] std::string_view to_string(State state) noexcept;

}  // namespace sluice::api
