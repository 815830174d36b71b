#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Hosts that somebody outside names, against those that the operator allows. Pure; no name is ever looked
/// up.
namespace sluice::config {

/// A host's name, an address, or a network as ADDRESS/BITS.
[[nodiscard]] bool is_host_pattern(std::string_view text) noexcept;

/// Whether one of the patterns allows the host: the same name (in any case), the same address however it is
/// spelt, or an address inside the network. A name is never inside a network.
[[nodiscard]] bool is_host_allowed(std::string_view host, std::span<const std::string> patterns) noexcept;

/// An RTSP address taken apart.
struct RtspAddress {
    std::string bare;  ///< without user and password
    std::string host;  ///< without brackets
    std::string username;
    std::string password;
};
/// nullopt: it is no rtsp:// or rtsps:// address with a host, holds blanks or control characters, a fragment,
/// or a broken percent sequence in its credentials.
[[nodiscard]] std::optional<RtspAddress> parse_rtsp_address(std::string_view url);

}  // namespace sluice::config
