#include "config/base/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice {
namespace {

/// Length of the sequence that begins with `lead` and the smallest code point it may spell; length 0: no lead
/// byte.
struct Utf8Lead {
    std::size_t length;
    std::uint32_t lowest;
    std::uint32_t bits;
};
Utf8Lead utf8_lead(std::uint8_t lead) noexcept {
    if (lead < 0x80U) return {1, 0, lead};
    if (lead >> 5U == 0x6U) return {2, 0x80, lead & 0x1FU};
    if (lead >> 4U == 0xEU) return {3, 0x800, lead & 0x0FU};
    if (lead >> 3U == 0x1EU) return {4, 0x10000, lead & 0x07U};
    return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        auto [length, lowest, point] = utf8_lead(static_cast<std::uint8_t>(text[at]));
        if (length == 0 || length > text.size() - at) return false;
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<std::uint8_t>(text[at + i]);
            if (next >> 6U != 2U) return false;
            point = point << 6U | (next & 0x3FU);
        }
        const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (point < lowest || point > 0x10FFFF || is_surrogate) return false;
        at += length;
    }
    return true;
}

}  // namespace sluice
