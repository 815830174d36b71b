#include "config/hosts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>

namespace sluice::config {
namespace {

/// Both families in 16 bytes; IPv4 as ::ffff:a.b.c.d, so that the two spellings of one address are one.
using Address = std::array<std::uint8_t, 16>;

constexpr unsigned kMappedBits = 96;
constexpr std::size_t kLongestHost = 253;

std::optional<Address> address_of(std::string_view text) noexcept {
    std::array<char, 64> word{};
    if (text.empty() || text.size() >= word.size()) return std::nullopt;
    std::ranges::copy(text, word.begin());
    Address address{};
    if (::inet_pton(AF_INET6, word.data(), address.data()) == 1) return address;
    address = {};
    address[10] = address[11] = 0xff;
    if (::inet_pton(AF_INET, word.data(), address.data() + 12) == 1) return address;
    return std::nullopt;
}

struct Network {
    Address address;
    unsigned bits;
};

std::optional<Network> network_of(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view bare = text.substr(0, slash);
    const std::string_view number = text.substr(slash + 1);
    const auto address = address_of(bare);
    if (!address) return std::nullopt;
    const bool is_v4 = bare.find(':') == std::string_view::npos;
    unsigned bits = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (code != std::errc{} || end != number.data() + number.size() || bits > (is_v4 ? 32U : 128U))
        return std::nullopt;
    return Network{*address, is_v4 ? bits + kMappedBits : bits};
}

bool is_inside(const Address& address, const Network& network) noexcept {
    const std::size_t whole = network.bits / 8;
    if (!std::equal(
            address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), network.address.begin()
        ))
        return false;
    const unsigned rest = network.bits % 8;
    if (rest == 0) return true;
    const unsigned shift = 8 - rest;
    return (unsigned{address.at(whole)} >> shift) == (unsigned{network.address.at(whole)} >> shift);
}

bool is_host_letter(char letter) noexcept {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kLongestHost && std::ranges::all_of(text, is_host_letter) &&
           text.front() != '.' && text.front() != '-';
}

bool is_same_name(std::string_view left, std::string_view right) noexcept {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return std::ranges::equal(left, right, [&](char a, char b) { return lower(a) == lower(b); });
}

bool is_allowed_by(std::string_view host, std::string_view pattern) noexcept {
    const auto address = address_of(host);
    if (const auto network = network_of(pattern)) return address && is_inside(*address, *network);
    if (const auto wanted = address_of(pattern)) return address == wanted;
    return !address && is_same_name(host, pattern);
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned byte = 0;
        if (i + 2 >= text.size()) return std::nullopt;
        const char* const end = text.data() + i + 3;
        const auto [stop, code] = std::from_chars(text.data() + i + 1, end, byte, 16);
        if (code != std::errc{} || stop != end || byte < 0x20 || byte == 0x7f) return std::nullopt;
        out += static_cast<char>(byte);
        i += 2;
    }
    return out;
}

bool is_port(std::string_view text) noexcept {
    unsigned value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= 65535;
}

/// "host", "host:port", "[v6]", "[v6]:port": the host without brackets.
std::optional<std::string> host_of(std::string_view place) {
    std::string_view host = place;
    std::string_view port;
    if (place.starts_with('[')) {
        const std::size_t close = place.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host = place.substr(1, close - 1);
        port = place.substr(close + 1);
        if (!port.empty() && !port.starts_with(':')) return std::nullopt;
        if (host.find(':') == std::string_view::npos || !address_of(host)) return std::nullopt;
    } else if (const std::size_t colon = place.find(':'); colon != std::string_view::npos) {
        host = place.substr(0, colon);
        port = place.substr(colon);
    }
    if (!port.empty() && !is_port(port.substr(1))) return std::nullopt;
    if (!place.starts_with('[') && !is_name(host)) return std::nullopt;
    return std::string{host};
}

}  // namespace

bool is_host_pattern(std::string_view text) noexcept {
    return network_of(text) || address_of(text) || is_name(text);
}

bool is_host_allowed(std::string_view host, std::span<const std::string> patterns) noexcept {
    return std::ranges::any_of(patterns, [host](const std::string& pattern) {
        return is_allowed_by(host, pattern);
    });
}

std::optional<RtspAddress> parse_rtsp_address(std::string_view url) {
    const std::string_view scheme = url.starts_with("rtsp://")    ? "rtsp://"
                                    : url.starts_with("rtsps://") ? "rtsps://"
                                                                  : "";
    if (scheme.empty() || url.find('#') != std::string_view::npos) return std::nullopt;
    const bool is_plain =
        std::ranges::all_of(url, [](unsigned char letter) { return letter > 0x20 && letter < 0x7F; });
    if (!is_plain) return std::nullopt;
    const std::string_view rest = url.substr(scheme.size());
    const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
    const std::string_view authority = rest.substr(0, slash);
    const std::size_t at_sign = authority.rfind('@');
    RtspAddress address;
    std::string_view place = authority;
    if (at_sign != std::string_view::npos) {
        const std::string_view user = authority.substr(0, at_sign);
        place = authority.substr(at_sign + 1);
        const std::size_t colon = std::min(user.find(':'), user.size());
        const auto name = percent_decoded(user.substr(0, colon));
        const auto word = percent_decoded(colon < user.size() ? user.substr(colon + 1) : std::string_view{});
        if (!name || !word) return std::nullopt;
        address.username = *name;
        address.password = *word;
    }
    const auto host = host_of(place);
    if (!host) return std::nullopt;
    address.host = *host;
    address.bare = std::string{scheme} + std::string{place} + std::string{rest.substr(slash)};
    return address;
}

}  // namespace sluice::config
