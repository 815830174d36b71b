#include "config/base/base64.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<Bytes> decode(std::string_view text, std::string_view alphabet) {
    if (text.size() % 4 == 1) return std::nullopt;
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t window = 0;
    unsigned bits = 0;
    for (const char letter : text) {
        const std::size_t value = alphabet.find(letter);
        if (value == std::string_view::npos) return std::nullopt;
        window = window << 6U | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out.push_back(static_cast<std::uint8_t>(window >> bits));
        window &= (1U << bits) - 1U;
    }
    if (window != 0) return std::nullopt;
    return out;
}

}  // namespace

std::string to_base64url(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t window = 0;
    unsigned bits = 0;
    for (const std::uint8_t byte : bytes) {
        window = window << 8U | byte;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out.push_back(kUrlAlphabet[window >> bits & 63U]);
        }
        window &= (1U << bits) - 1U;
    }
    if (bits > 0) out.push_back(kUrlAlphabet[window << (6U - bits) & 63U]);
    return out;
}

std::string to_base64(ByteView bytes) {
    std::string text = to_base64url(bytes);
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
    return decode(text, kUrlAlphabet);
}

std::optional<Bytes> from_base64(std::string_view text) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i)
        text.remove_suffix(1);
    return decode(text, kAlphabet);
}

}  // namespace sluice
