#pragma once

#include <string_view>

namespace sluice {

/// Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace sluice
