#pragma once

#include <string_view>

namespace sluice {

/// [a-z0-9-], 1 to 63 characters, no dash at either end: safe in a path, a URL and a label.
[[nodiscard]] bool is_slug(std::string_view text) noexcept;

}  // namespace sluice
