#include "api/huimin/rules.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::api::huimin {
namespace {

/// Digits from the front of `text`; they are taken away.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    if (code != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return value;
}

bool take_letter(std::string_view& text, char letter) noexcept {
    if (!text.starts_with(letter)) return false;
    text.remove_prefix(1);
    return true;
}

constexpr std::size_t kLongestId = 128;
constexpr std::uint64_t kMost = std::uint64_t{1} << 62U;

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) noexcept {
    constexpr std::string_view unit = "bytes ";
    if (!text.starts_with(unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    const auto first = take_number(text);
    if (!first || !take_letter(text, '-')) return std::nullopt;
    const auto last = take_number(text);
    if (!last || !take_letter(text, '/')) return std::nullopt;
    const auto total = take_number(text);
    if (!total || !text.empty()) return std::nullopt;
    if (*first > *last || *last >= *total || *total > kMost) return std::nullopt;
    return ContentRange{.first = *first, .last = *last, .total = *total};
}

bool is_clip_id(std::string_view text) noexcept {
    const auto is_plain = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9');
    };
    return !text.empty() && text.size() <= kLongestId && is_plain(text.front()) &&
           std::ranges::all_of(text, [&](char letter) {
               return is_plain(letter) || letter == '.' || letter == '_' || letter == '-';
           });
}

}  // namespace sluice::api::huimin
