#include "storage/ledger/detail/text.hpp"

#include "config/base/base64.hpp"

#include <charconv>

namespace sluice::ledger::detail {

std::optional<Bytes> from_strict_base64(std::string_view text) {
    auto bytes = from_base64(text);
    if (!bytes || to_base64(*bytes) != text) return std::nullopt;
    return bytes;
}

std::optional<std::uint64_t> from_decimal(std::string_view text, std::uint64_t most) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stopped != end || number > most) return std::nullopt;
    return number;
}

std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

}  // namespace sluice::ledger::detail
