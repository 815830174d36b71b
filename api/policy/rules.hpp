#pragma once

#include "storage/catalogue/policy_repository.hpp"

#include <span>
#include <string>
#include <string_view>

/// How versions of the policy are told. Pure.
namespace sluice::api {

/// "proposed", "future" (adopted for a later time), "in_force" or "superseded".
[[nodiscard]] std::string_view state_of(
    const catalogue::PolicyVersionRow& version,
    std::span<const catalogue::PolicyVersionRow> all,
    UtcTime now
);

/// One object with the rules as they were written, as `shipped_rules` those that count because it lacks them,
/// and as `changes` what differs from the version in force.
[[nodiscard]] std::string version_json(
    const catalogue::PolicyVersionRow& version,
    std::span<const catalogue::PolicyVersionRow> all,
    UtcTime now
);

}  // namespace sluice::api
