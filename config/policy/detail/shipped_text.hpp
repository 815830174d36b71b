#pragma once

#include <string_view>

namespace sluice::policy::detail {

/// config/policy.toml, as this binary was built with it.
[[nodiscard]] std::string_view shipped_text() noexcept;

}  // namespace sluice::policy::detail
