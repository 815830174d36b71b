#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// CSV as offices send it.
namespace sluice::calendar {

/// The file as UTF-8 without BOM: it was that already, or Big5. nullopt: neither.
[[nodiscard]] std::optional<std::string> csv_text(std::string_view bytes);

/// The fields of one line (RFC 4180, without line breaks in a field), blanks around them taken off. nullopt:
/// a quotation mark is not closed, or something stands behind a closed one.
[[nodiscard]] std::optional<std::vector<std::string>> split_csv_line(std::string_view line);

}  // namespace sluice::calendar
