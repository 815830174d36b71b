#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::calendar::detail {

/// The fields of one line (RFC 4180, without line breaks in a field), blanks around them taken off. nullopt:
/// a quotation mark is not closed, or something stands behind a closed one.
[[nodiscard]] std::optional<std::vector<std::string>> split_csv_line(std::string_view line);

}  // namespace sluice::calendar::detail
