#include "daemon/ups/client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace sluice::ups {
namespace {

using namespace std::chrono_literals;

constexpr auto kSlice = 100ms;  // how late a stop may be noticed

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

/// Pre: the configuration's checks have passed.
std::optional<Address> address_from(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::uint16_t port = 0;
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    std::string host{text.substr(0, colon)};
    Address address;
    if (host.starts_with('[') && host.ends_with(']')) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) != 1)
            return std::nullopt;
        address.length = sizeof v6;
        std::copy_n(reinterpret_cast<const char*>(&v6), sizeof v6, reinterpret_cast<char*>(&address.storage));
        return address;
    }
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return std::nullopt;
    address.length = sizeof v4;
    std::copy_n(reinterpret_cast<const char*>(&v4), sizeof v4, reinterpret_cast<char*>(&address.storage));
    return address;
}

/// Waits for `events` on the socket, in slices, so that a stop is noticed.
Status wait_for(int fd, short events, Deadline deadline, const std::stop_token& stop) {
    while (true) {
        if (stop.stop_requested()) return failure(Remedy::cancelled, "stopped");
        const auto left = deadline - Deadline::clock::now();
        if (left <= 0ms) return failure(Remedy::retry, "the UPS server does not answer");
        const auto slice = std::min<Deadline::clock::duration>(left, kSlice);
        pollfd waiting{.fd = fd, .events = events, .revents = 0};
        const int ready = ::poll(
            &waiting, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(slice).count())
        );
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return errno_error(Remedy::retry, "cannot wait for the UPS server");
    }
}

}  // namespace

Result<Reading> Client::ask(Deadline deadline, const std::stop_token& stop) {
    auto reading = ask_connected(deadline, stop);
    if (!reading) {
        fd_.reset();
        buffer_.clear();
    }
    return reading;
}

Result<Reading> Client::ask_connected(Deadline deadline, const std::stop_token& stop) {
    if (!fd_.is_open()) {
        if (auto connected = connect(deadline, stop); !connected) return std::unexpected(connected.error());
        if (auto logged_in = log_in(deadline, stop); !logged_in) return std::unexpected(logged_in.error());
    }
    if (auto sent = send("LIST VAR " + quote(ups_.unit), deadline, stop); !sent)
        return std::unexpected(sent.error());
    std::vector<std::string> lines;
    while (lines.size() < kLinesLimit) {
        auto line = read_line(deadline, stop);
        if (!line) return std::unexpected(line.error());
        lines.push_back(std::move(*line));
        if (ends_list(lines.back())) break;
    }
    return read_list(ups_.unit, lines);
}

Status Client::connect(Deadline deadline, const std::stop_token& stop) {
    const auto address = address_from(ups_.server);
    if (!address) return failure(Remedy::operator_acts, "the UPS server's address is none: " + ups_.server);
    fd_ = UniqueFd{::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd_.is_open()) return errno_error(Remedy::retry, "no socket for the UPS server");
    const auto* where = reinterpret_cast<const sockaddr*>(&address->storage);
    if (::connect(fd_.get(), where, address->length) != 0 && errno != EINPROGRESS)
        return errno_error(Remedy::retry, "cannot reach the UPS server");
    if (auto ready = wait_for(fd_.get(), POLLOUT, deadline, stop); !ready) return ready;
    int code = 0;
    socklen_t length = sizeof code;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &length);
    if (code == 0) return {};
    errno = code;
    return errno_error(Remedy::retry, "cannot reach the UPS server");
}

/// The server checks name and password when somebody logs in to a unit, and counts who has.
Status Client::log_in(Deadline deadline, const std::stop_token& stop) {
    if (ups_.username.empty()) return {};
    const std::array<std::string, 3> requests{
        "USERNAME " + quote(ups_.username),
        "PASSWORD " + quote(ups_.password.reveal()),
        "LOGIN " + quote(ups_.unit)
    };
    for (const std::string& request : requests) {
        if (auto sent = send(request, deadline, stop); !sent) return sent;
        const auto line = read_line(deadline, stop);
        if (!line) return std::unexpected(line.error());
        if (auto consent = read_consent(*line); !consent) return consent;
    }
    return {};
}

Status Client::send(std::string text, Deadline deadline, const std::stop_token& stop) {
    text += '\n';
    std::string_view rest{text};
    while (!rest.empty()) {
        if (auto ready = wait_for(fd_.get(), POLLOUT, deadline, stop); !ready) return ready;
        const ssize_t count = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return errno_error(Remedy::retry, "the UPS server closed the connection");
        if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<std::string> Client::read_line(Deadline deadline, const std::stop_token& stop) {
    while (true) {
        if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        if (buffer_.size() > kLineLimit) return failure(Remedy::retry, "the UPS server sends no lines");
        if (auto ready = wait_for(fd_.get(), POLLIN, deadline, stop); !ready)
            return std::unexpected(ready.error());
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        if (count == 0) return failure(Remedy::retry, "the UPS server closed the connection");
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return errno_error(Remedy::retry, "the UPS server closed the connection");
        if (count > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    }
}

}  // namespace sluice::ups
