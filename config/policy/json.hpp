#pragma once

#include "config/policy/policy.hpp"

#include <string>
#include <string_view>

namespace sluice::policy {

/// [{"id": …, "value": …, "unit": …, "article": …, "allowed_by": …}]: how a version is kept and sent.
[[nodiscard]] std::string to_json(const Rules& rules);
/// Members that are not known, or of a wrong kind, are refused. Error: refuse, naming the element.
[[nodiscard]] Result<Rules> rules_from_json(std::string_view text);

}  // namespace sluice::policy
