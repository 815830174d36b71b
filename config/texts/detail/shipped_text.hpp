#pragma once

#include <string_view>

namespace sluice::texts::detail {

/// config/texts/zh-Hant.toml, as this binary was built with it.
[[nodiscard]] std::string_view shipped_text() noexcept;

}  // namespace sluice::texts::detail
