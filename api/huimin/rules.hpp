#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Forms of an upload. Pure; any bytes may come.
namespace sluice::api::huimin {

/// "bytes 0-1048575/5242880" (RFC 9110 §14.4): first and last byte of the part, and the whole. nullopt:
/// another form, an unknown length ("*"), an empty or reversed part, or one that ends behind the whole.
struct ContentRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t total = 0;
    [[nodiscard]] std::uint64_t length() const noexcept { return last - first + 1; }
    friend bool operator==(const ContentRange&, const ContentRange&) = default;
};
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view text) noexcept;

/// 1 to 128 letters of A-Z a-z 0-9 . _ -, the first a letter or digit.
[[nodiscard]] bool is_clip_id(std::string_view text) noexcept;

}  // namespace sluice::api::huimin
