#pragma once

#include "config/base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// RFC 4648 §5 without padding: letters that are safe in a URL, a header and a file name.
[[nodiscard]] std::string to_base64url(ByteView bytes);
/// Strict: no padding, no other letter, no stray bits in the last one; so every value has exactly one
/// spelling.
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);
/// RFC 4648 §4, padded.
[[nodiscard]] std::string to_base64(ByteView bytes);
/// RFC 4648 §4 as HTTP's Basic scheme uses it; padding may be left out.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace sluice
