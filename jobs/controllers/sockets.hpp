#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <sys/socket.h>

/// What both protocols need of sockets.
namespace sluice::controllers {

/// An address and a port of either family.
struct Endpoint {
    sockaddr_storage storage{};
    socklen_t length = 0;

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    /// "192.0.2.5"; an IPv4 address that came in as ::ffff:… too.
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::uint16_t port() const;
};
/// nullopt: it is no address.
[[nodiscard]] std::optional<Endpoint> endpoint_of(const std::string& address, std::uint16_t port);
/// Of "ADDRESS:PORT" or "[v6]:PORT".
[[nodiscard]] std::optional<Endpoint> endpoint_from(std::string_view text);
/// Whether two spellings are of one address.
[[nodiscard]] bool is_same_host(const std::string& left, const std::string& right);

/// A socket of `type` (SOCK_DGRAM or SOCK_STREAM) that others can reach at `text`. Error: operator_acts.
[[nodiscard]] Result<UniqueFd> listen_at(const std::string& text, int type);
/// Where it listens: of port 0 the one that it got.
[[nodiscard]] Endpoint endpoint_of(const UniqueFd& socket);

/// Waits for `events`; a stop is noticed within a tenth of a second. Error: cancelled, retry (time is over).
[[nodiscard]] Status wait_for(int fd, short events, Deadline deadline, const std::stop_token& stop);

}  // namespace sluice::controllers
