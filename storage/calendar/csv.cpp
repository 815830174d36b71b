#include "storage/calendar/csv.hpp"

#include "config/base/utf8.hpp"
#include "storage/calendar/detail/big5.hpp"

namespace sluice::calendar {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes a quoted field, its opening mark included, from the front of `rest`.
std::optional<std::string> take_quoted(std::string_view& rest) {
    std::string field;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] != '"') {
            field += rest[i];
        } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
            field += '"';
            ++i;
        } else {
            rest.remove_prefix(i + 1);
            return field;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> csv_text(std::string_view bytes) {
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    if (is_utf8(bytes)) return std::string{bytes};
    return detail::from_big5(bytes);
}

std::optional<std::vector<std::string>> split_csv_line(std::string_view line) {
    std::vector<std::string> fields;
    while (true) {
        if (line.starts_with('"')) {
            auto field = take_quoted(line);
            if (!field || (!line.empty() && !line.starts_with(','))) return std::nullopt;
            fields.push_back(std::move(*field));
        } else {
            const std::string_view field = line.substr(0, line.find(','));
            line.remove_prefix(field.size());
            fields.emplace_back(trimmed(field));
        }
        if (line.empty()) return fields;
        line.remove_prefix(1);
    }
}

}  // namespace sluice::calendar
