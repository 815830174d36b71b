#pragma once

#include "api/body.hpp"
#include "api/requests/detail/common.hpp"

namespace sluice::api::requests {

/// Members of the form, as POST and PATCH take them.
[[nodiscard]] const std::vector<std::string>& form_members();
/// Puts what the body has into the case; what it has not stays. A draft need not be complete: that is judged
/// when it is submitted.
[[nodiscard]] Got<void> read_form(const Call& call, const Body& body, release::Case& request);

/// Its facts for the audit log: JSON object.
[[nodiscard]] std::string form_facts(const release::Case& request, const std::vector<std::string>& slugs);

}  // namespace sluice::api::requests
