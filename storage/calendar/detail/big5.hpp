#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::calendar::detail {

/// nullopt: it is no Big5, or the C library has no table for it.
[[nodiscard]] std::optional<std::string> from_big5(std::string_view bytes);

}  // namespace sluice::calendar::detail
