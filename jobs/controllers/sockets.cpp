#include "jobs/controllers/sockets.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

namespace sluice::controllers {
namespace {

using namespace std::chrono_literals;

constexpr auto kSlice = 100ms;  // how late a stop may be noticed
constexpr int kQueue = 16;

template <class Address>
Endpoint endpoint_in(const Address& address) {
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, &address, sizeof address);
    endpoint.length = sizeof address;
    return endpoint;
}

template <class Address>
Address address_in(const Endpoint& endpoint) {
    Address address{};
    std::memcpy(&address, &endpoint.storage, sizeof address);
    return address;
}

}  // namespace

std::string Endpoint::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        const auto v4 = address_in<sockaddr_in>(*this);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        return text.data();
    }
    const auto v6 = address_in<sockaddr_in6>(*this);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return text.data();
}

std::uint16_t Endpoint::port() const {
    return ntohs(
        storage.ss_family == AF_INET ? address_in<sockaddr_in>(*this).sin_port
                                     : address_in<sockaddr_in6>(*this).sin6_port
    );
}

std::optional<Endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) return endpoint_in(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) return endpoint_in(v6);
    return std::nullopt;
}

std::optional<Endpoint> endpoint_from(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::uint16_t port = 0;
    const auto [end, code] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return endpoint_of(std::string{host}, port);
}

bool is_same_host(const std::string& left, const std::string& right) {
    const auto one = endpoint_of(left, 0);
    const auto other = endpoint_of(right, 0);
    return one && other && one->host() == other->host();
}

Result<UniqueFd> listen_at(const std::string& text, int type) {
    const auto endpoint = endpoint_from(text);
    if (!endpoint) return failure(Remedy::operator_acts, text + " is no address to listen at");
    UniqueFd fd{::socket(endpoint->storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "no socket for " + text);
    const int yes = 1;
    if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(fd.get(), endpoint->get(), endpoint->length) != 0 ||
        (type == SOCK_STREAM && ::listen(fd.get(), kQueue) != 0))
        return errno_error(Remedy::operator_acts, "cannot listen at " + text);
    return fd;
}

Endpoint endpoint_of(const UniqueFd& socket) {
    Endpoint endpoint;
    endpoint.length = sizeof endpoint.storage;
    ::getsockname(socket.get(), endpoint.get(), &endpoint.length);
    return endpoint;
}

Status wait_for(int fd, short events, Deadline deadline, const std::stop_token& stop) {
    while (true) {
        if (stop.stop_requested()) return failure(Remedy::cancelled, "stopped");
        const auto left = deadline - Deadline::clock::now();
        if (left <= 0ms) return failure(Remedy::retry, "no answer in time");
        const auto slice =
            std::chrono::ceil<std::chrono::milliseconds>(std::min<Deadline::clock::duration>(left, kSlice));
        pollfd waiting{.fd = fd, .events = events, .revents = 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(slice.count()));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return errno_error(Remedy::retry, "cannot wait for a socket");
    }
}

}  // namespace sluice::controllers
