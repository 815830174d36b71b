#include "config/policy/shipped.hpp"

#include "config/policy/detail/shipped_text.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace sluice::policy {

const Rules& shipped_rules() {
    // value(): it was read when the program was tested, so it throws in no program that was built whole.
    static const Rules kRules = parse_rules(detail::shipped_text(), "config/policy.toml").value();
    return kRules;
}

Rules rules_missing_in(const Rules& rules) {
    Rules missing;
    std::ranges::copy_if(shipped_rules(), std::back_inserter(missing), [&](const Rule& shipped) {
        return std::ranges::find(rules, shipped.id, &Rule::id) == rules.end();
    });
    return missing;
}

Rules completed(Rules rules) {
    std::ranges::move(rules_missing_in(rules), std::back_inserter(rules));
    return rules;
}

}  // namespace sluice::policy
