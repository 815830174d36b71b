#pragma once

#include "api/body.hpp"
#include "api/requests/detail/common.hpp"
#include "storage/catalogue/request_step_repository.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::api::requests {

/// What somebody tries, as the body says it and the catalogue adds to it.
struct Try {
    release::Attempt attempt;
    std::string note;  ///< of a signature, an appeal, …
    std::string text;  ///< of an opinion
    std::string conditions;
    std::string document;  ///< number of the paper it rests on
    std::vector<std::string> units;
    bool is_outward = false;
    bool wants_new_code = false;            ///< schedule: also where the appointment is the one that there is
    std::vector<release::GrantItem> items;  ///< resolved
    std::string escort;
    std::map<std::string, std::string> controllers;  ///< by camera: another body that has recorded it
    std::string extra;  ///< JSON object of facts that are known only now: proofs of what is not held
};

/// Members that the action's body may have.
[[nodiscard]] const std::vector<std::string>& members_of(release::RequestAction action);
/// Reads the body, and looks up what the rules ask of the catalogue, but for what a grant would open.
[[nodiscard]] Got<Try>
read_attempt(const Call& call, release::RequestAction action, const release::Case& request);

/// Resolves what would be granted to frames. Marks the attempt empty when a camera has none inside; the
/// problem's members say the outward times then. 409 NOT_YET_DURABLE.
[[nodiscard]] Got<void> resolve_grant(const Call& call, const release::Case& request, Try& tried);

/// NOT_HELD_…: why nothing is there, with proof. Sets is_footage_held and the extra facts.
[[nodiscard]] Got<void> look_for_footage(const Call& call, const release::Case& request, Try& tried);

}  // namespace sluice::api::requests
