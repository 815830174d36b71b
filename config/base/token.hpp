#pragma once

#include "config/base/bytes.hpp"

#include <string>
#include <string_view>

namespace sluice {

/// An access token: "slt_" and 32 random bytes in base64url, 47 letters. It is shown once; only its hash is
/// stored.
[[nodiscard]] std::string make_token();
/// Whether the text has a token's form; says nothing of its being known.
[[nodiscard]] bool is_token(std::string_view text);
/// SHA-256 of the token's text: what the catalogue keeps and looks up. A plain hash is enough for 256 random
/// bits.
[[nodiscard]] Sha256Digest token_hash(std::string_view token);

}  // namespace sluice
