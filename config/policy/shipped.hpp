#pragma once

#include "config/policy/policy.hpp"

namespace sluice::policy {

/// The rules of config/policy.toml, as this program was built with them.
[[nodiscard]] const Rules& shipped_rules();

/// The shipped rules that `rules` does not have. A version adopted before a rule was built can't have it;
/// until a version that has it is adopted, the shipped one counts. So a shipped rule never changes once it
/// was released: what it decided has to stay true.
[[nodiscard]] Rules rules_missing_in(const Rules& rules);

/// `rules` and, behind them, those of `rules_missing_in`: what counts while the version is in force.
[[nodiscard]] Rules completed(Rules rules);

}  // namespace sluice::policy
