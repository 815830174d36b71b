#pragma once

#include "config/base/utf8.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Small readers of what clients send. All are total: any bytes may come.
namespace sluice::http {

[[nodiscard]] std::string to_lower(std::string_view text);
/// Equal but for the case of ASCII letters.
[[nodiscard]] bool is_same_word(std::string_view a, std::string_view b) noexcept;
/// Without spaces and tabs at both ends (RFC 9110 OWS).
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
using sluice::is_utf8;

/// %XX is decoded, '+' stays. nullopt: an incomplete %, bytes that are not UTF-8, or a control character.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Everything but RFC 3986's unreserved letters becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// "/a/b%20c" → {"a", "b c"}. nullopt: not beginning with '/', or a part that percent_decode refuses.
[[nodiscard]] std::optional<std::vector<std::string>> split_path(std::string_view path);

using Query = std::vector<std::pair<std::string, std::string>>;
/// "from=1&to=2", empty pairs are skipped. nullopt: a name or value that percent_decode refuses.
[[nodiscard]] std::optional<Query> parse_query(std::string_view raw);

}  // namespace sluice::http
