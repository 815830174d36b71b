#pragma once

#include "config/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::ledger::detail {

/// Strict: exactly what sluice::to_base64 writes.
[[nodiscard]] std::optional<Bytes> from_strict_base64(std::string_view text);
/// Decimal without a leading zero or sign; at most `most`.
[[nodiscard]] std::optional<std::uint64_t> from_decimal(std::string_view text, std::uint64_t most);
/// Takes everything before the next `separator` off the front of `text`, and the separator with it.
[[nodiscard]] std::string_view take_until(std::string_view& text, char separator);

}  // namespace sluice::ledger::detail
