// http-load: N connections that stay open, each asking for one address again and again, and counting whole
// answers. One thread and one epoll, so that the machine is left to who answers.
//
//   http-load --port N --target PATH [--header LINE] [--connections N] [--seconds N]
//
// Prints {"requests": n, "seconds": s, "other": n}; `other`: answers that were not 200 with a body that begins as
// the first one does. A camera's state may change meanwhile, and the body's length with it.
#include "config/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace {

using sluice::UniqueFd;
using std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "http-load: %s\n", what);
    std::exit(1);
}

constexpr std::size_t kCompared = 64;

struct Connection {
    UniqueFd socket;
    std::string received;
};

struct Tally {
    std::uint64_t requests = 0;
    std::uint64_t other = 0;
    std::string begin;  ///< of the first answer's body
};

UniqueFd connect_to(std::uint16_t port) {
    UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        give_up("nobody listens");
    return socket;
}

void ask(const Connection& connection, const std::string& request) {
    if (::send(connection.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        give_up("a request was not taken");
}

/// The length of the whole answer at the begin of `text`; nullopt: it has not all come.
std::optional<std::size_t> length_of(std::string_view text, std::size_t& body) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    constexpr std::string_view name = "Content-Length: ";
    const std::size_t at = text.substr(0, end).find(name);
    if (at == std::string_view::npos) give_up("an answer without Content-Length");
    body = 0;
    std::from_chars(text.data() + at + name.size(), text.data() + end, body);
    const std::size_t whole = end + 4 + body;
    return whole <= text.size() ? std::optional{whole} : std::nullopt;
}

/// True: a whole answer was taken off what has come.
bool take_answer(Connection& connection, Tally& tally) {
    std::size_t body = 0;
    const auto whole = length_of(connection.received, body);
    if (!whole) return false;
    const std::string begin = connection.received.substr(*whole - body, std::min(body, kCompared));
    if (tally.requests == 0) tally.begin = begin;
    const bool is_right = connection.received.starts_with("HTTP/1.1 200") && begin == tally.begin;
    ++(is_right ? tally.requests : tally.other);
    connection.received.erase(0, *whole);
    return true;
}

Tally run(std::vector<Connection>& connections, const std::string& request, std::chrono::seconds length) {
    const UniqueFd poll{::epoll_create1(EPOLL_CLOEXEC)};
    for (std::size_t i = 0; i < connections.size(); ++i) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, connections[i].socket.get(), &event);
        ask(connections[i], request);
    }
    Tally tally;
    const auto end = steady_clock::now() + length;
    std::array<epoll_event, 64> events{};
    std::array<char, 65536> bytes{};
    while (steady_clock::now() < end) {
        const int count = ::epoll_wait(poll.get(), events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < count; ++i) {
            Connection& connection = connections[events.at(static_cast<std::size_t>(i)).data.u64];
            const ssize_t got = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
            if (got <= 0) give_up("a connection was closed");
            connection.received.append(bytes.data(), static_cast<std::size_t>(got));
            if (take_answer(connection, tally)) ask(connection, request);
        }
    }
    return tally;
}

}  // namespace

int main(int count, char** words) {
    std::map<std::string_view, std::string> given{
        {"--connections", "64"}, {"--seconds", "5"}, {"--header", ""}
    };
    for (int i = 1; i + 1 < count; i += 2)
        given[words[i]] = words[i + 1];
    const int port = std::atoi(given["--port"].c_str());
    const int wanted = std::atoi(given["--connections"].c_str());
    const std::chrono::seconds length{std::atoi(given["--seconds"].c_str())};
    if (port <= 0 || port > 65535 || wanted <= 0 || given["--target"].empty())
        give_up("--port N --target PATH [--header LINE] [--connections N] [--seconds N]");
    std::string request = "GET " + given["--target"] + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!given["--header"].empty()) request += given["--header"] + "\r\n";
    request += "\r\n";
    std::vector<Connection> connections;
    for (int i = 0; i < wanted; ++i)
        connections.push_back({connect_to(static_cast<std::uint16_t>(port)), {}});
    const auto began = steady_clock::now();
    const Tally tally = run(connections, request, length);
    const std::chrono::duration<double> seconds = steady_clock::now() - began;
    std::printf(
        "{\"requests\": %llu, \"seconds\": %.3f, \"other\": %llu}\n",
        static_cast<unsigned long long>(tally.requests),
        seconds.count(),
        static_cast<unsigned long long>(tally.other)
    );
    return 0;
}
