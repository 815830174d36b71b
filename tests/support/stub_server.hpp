#pragma once

#include "config/base/guarded.hpp"
#include "config/base/unique_fd.hpp"
#include "tests/support/demand.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

/// A server on a free port of this machine that takes one connection after the other, for programs that send
/// something out.
namespace sluice::test {

class StubServer {
public:
    /// A connection: reads and writes text; every wait ends after some seconds.
    class Peer {
    public:
        explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {}
        void send(std::string_view text) const {
            static_cast<void>(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL));
        }
        /// Everything up to and with `end`; what has come when the other side closes or is silent.
        std::string read_until(std::string_view end) {
            while (buffer_.find(end) == std::string::npos && read_more()) {
            }
            const auto found = buffer_.find(end);
            const std::size_t length = found == std::string::npos ? buffer_.size() : found + end.size();
            std::string text = buffer_.substr(0, length);
            buffer_.erase(0, length);
            return text;
        }
        std::string read_bytes(std::size_t count) {
            while (buffer_.size() < count && read_more()) {
            }
            std::string text = buffer_.substr(0, count);
            buffer_.erase(0, text.size());
            return text;
        }

    private:
        bool read_more() {
            std::array<char, 4096> bytes{};
            const ssize_t count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
            if (count <= 0) return false;
            buffer_.append(bytes.data(), static_cast<std::size_t>(count));
            return true;
        }
        UniqueFd fd_;
        std::string buffer_;
    };

    /// `serve` runs on the server's thread, one connection at a time.
    explicit StubServer(std::function<void(Peer&)> serve)
        : serve_(std::move(serve)),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        demand(listener_.is_open(), "no socket for the stub");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        demand(
            ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                ::listen(listener_.get(), 8) == 0,
            "the stub takes no port"
        );
        socklen_t length = sizeof address;
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd waiting{.fd = listener_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, 50) != 1) continue;
            UniqueFd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            if (!fd.is_open()) continue;
            const timeval limit{10, 0};
            ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            Peer peer{std::move(fd)};
            serve_(peer);
        }
    }

    std::function<void(Peer&)> serve_;
    UniqueFd listener_;
    std::uint16_t port_ = 0;
    std::jthread thread_;  // last: it uses the members above
};

}  // namespace sluice::test
