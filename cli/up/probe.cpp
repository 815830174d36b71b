#include "cli/up/probe.hpp"

#include "config/base/unique_fd.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <fmt/core.h>
#include <netdb.h>

namespace sluice::up {
namespace {

sockaddr_in loopback(unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

struct HostPort {
    std::string host;
    std::string port;
};

/// Of "http://[::1]:8080" or "127.0.0.1:8080".
HostPort split(std::string_view address) {
    const auto scheme = address.find("://");
    if (scheme != std::string_view::npos) address.remove_prefix(scheme + 3);
    const auto colon = address.rfind(':');
    std::string_view host = address.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return {std::string{host}, std::string{address.substr(colon + 1)}};
}

Result<UniqueFd> connect_to(const HostPort& where) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    if (::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &list) != 0 || list == nullptr)
        return failure(Remedy::retry, "cannot resolve " + where.host);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found{list, ::freeaddrinfo};
    UniqueFd fd{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.is_open()) return errno_error(Remedy::retry, "cannot open a socket for " + where.host);
    const timeval limit{.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0)
        return errno_error(Remedy::retry, "cannot connect to " + where.host + ":" + where.port);
    return fd;
}

}  // namespace

std::string base_url(const std::string& listen, bool is_tls) {
    HostPort where = split(listen);
    if (where.host.empty() || where.host == "0.0.0.0") where.host = "127.0.0.1";
    if (where.host == "::") where.host = "::1";
    const bool is_v6 = where.host.find(':') != std::string::npos;
    return fmt::format(
        "{}://{}{}{}:{}",
        is_tls ? "https" : "http",
        is_v6 ? "[" : "",
        where.host,
        is_v6 ? "]" : "",
        where.port
    );
}

Result<int> probe(const std::string& base_url, const std::string& path, std::string_view token) {
    const HostPort where = split(base_url);
    const auto fd = connect_to(where);
    if (!fd) return std::unexpected(fd.error());
    if (base_url.starts_with("https:")) return 200;
    std::string request =
        fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n", path, where.host, where.port);
    if (!token.empty()) request += fmt::format("Authorization: Bearer {}\r\n", token);
    request += "\r\n";
    if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return errno_error(Remedy::retry, "cannot ask " + base_url);
    constexpr std::string_view kStart = "HTTP/1.1 ";
    std::array<char, kStart.size() + 3> answer{};
    if (::recv(fd->get(), answer.data(), answer.size(), MSG_WAITALL) != static_cast<ssize_t>(answer.size()))
        return failure(Remedy::retry, "no answer from " + base_url);
    int code = 0;
    const char* const digits = answer.data() + kStart.size();
    const auto parsed = std::from_chars(digits, digits + 3, code);
    if (std::string_view{answer.data(), kStart.size()} != kStart || parsed.ec != std::errc{})
        return failure(Remedy::retry, base_url + " does not speak HTTP");
    return code;
}

bool is_listening(unsigned short port) {
    return connect_to({.host = "127.0.0.1", .port = std::to_string(port)}).has_value();
}

Result<unsigned short> find_free_port(unsigned short wanted) {
    for (const unsigned short port : {wanted, static_cast<unsigned short>(0)}) {
        const UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (!fd.is_open()) continue;
        const int on = 1;  // as the servers do: a port in TIME_WAIT is free
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address = loopback(port);
        socklen_t length = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(fd.get(), any, length) != 0 || ::listen(fd.get(), 1) != 0) continue;
        if (::getsockname(fd.get(), any, &length) == 0) return ntohs(address.sin_port);
    }
    return errno_error(Remedy::operator_acts, "there is no free TCP port on 127.0.0.1");
}

}  // namespace sluice::up
