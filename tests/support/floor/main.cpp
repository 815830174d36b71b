// The floor of ingest: what any recorder must at least do. One thread receives RTSP/TCP in pieces of 64 KiB,
// hashes them (or not), writes 1 MiB at a time and syncs every five seconds. It parses nothing after PLAY and
// keeps the interleaved bytes as they come. Benchmarks compare the recorder's CPU with this.
//   rtsp-floor [--no-hash] SECONDS FOLDER URL…

#include "config/base/bytes.hpp"
#include "config/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <netdb.h>

namespace {

using namespace sluice;

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kWriteBytes = 1U << 20U;

struct Address {
    std::string host;
    std::string port = "554";
};

Address address_of(std::string_view url) {
    url.remove_prefix(std::string_view{"rtsp://"}.size());
    const std::string_view authority = url.substr(0, url.find('/'));
    const std::size_t colon = authority.rfind(':');
    if (colon == std::string_view::npos) return {std::string{authority}};
    return {std::string{authority.substr(0, colon)}, std::string{authority.substr(colon + 1)}};
}

[[noreturn]] void die(const std::string& why) {
    std::cerr << "rtsp-floor: " << why << '\n';
    std::exit(1);
}

UniqueFd connect_to(const Address& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) die("no such host");
    UniqueFd socket{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int failed = ::connect(socket.get(), found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    if (failed != 0) die("cannot connect to " + address.host + ":" + address.port);
    return socket;
}

/// Sends one request and gives the reply's head and body. Only used before PLAY, when nothing else is on the
/// wire.
std::string ask(int socket, const std::string& request) {
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send failed");
    std::string reply;
    std::array<char, 4096> piece{};
    for (std::size_t head_end = std::string::npos;;) {
        const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got <= 0) die("connection closed during set-up");
        reply.append(piece.data(), static_cast<std::size_t>(got));
        head_end = reply.find("\r\n\r\n");
        if (head_end == std::string::npos) continue;
        const std::size_t length_at = reply.find("Content-Length: ");
        const std::size_t body = length_at < head_end ? std::stoul(reply.substr(length_at + 16)) : 0;
        if (reply.size() >= head_end + 4 + body) return reply;
    }
}

std::string header(const std::string& reply, std::string_view name) {
    const std::size_t at = reply.find(std::string{name} + ": ");
    if (at == std::string::npos) return {};
    const std::size_t start = at + name.size() + 2;
    return reply.substr(start, reply.find_first_of(";\r\n", start) - start);
}

UniqueFd play(const std::string& url) {
    UniqueFd socket = connect_to(address_of(url));
    const std::string described =
        ask(socket.get(),
            fmt::format("DESCRIBE {} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n", url));
    const std::size_t control_at = described.rfind("a=control:");
    if (control_at == std::string::npos) die("no control attribute in the SDP of " + url);
    const std::size_t control_start = control_at + 10;
    std::string control =
        described.substr(control_start, described.find_first_of("\r\n", control_start) - control_start);
    if (!control.starts_with("rtsp://")) control = url + "/" + control;
    const std::string set_up = ask(
        socket.get(),
        fmt::format(
            "SETUP {} RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n", control
        )
    );
    const std::string request =
        fmt::format("PLAY {} RTSP/1.0\r\nCSeq: 3\r\nSession: {}\r\n\r\n", url, header(set_up, "Session"));
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send failed");
    return socket;
}

struct Stream {
    UniqueFd socket;
    UniqueFd file;
    std::vector<std::uint8_t> waiting;
    Sha256 hash;
    std::uint64_t bytes = 0;

    void write_waiting() {
        if (::write(file.get(), waiting.data(), waiting.size()) < 0) die("write failed");
        waiting.clear();
    }
};

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void receive(Stream& stream, bool with_hash) {
    std::array<std::uint8_t, kReadBytes> piece{};
    const ssize_t got = ::recv(stream.socket.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got == 0) die("a camera closed its connection");
    if (got < 0) return;
    const ByteView bytes{piece.data(), static_cast<std::size_t>(got)};
    if (with_hash) stream.hash.update(bytes);
    stream.waiting.insert(stream.waiting.end(), bytes.begin(), bytes.end());
    stream.bytes += bytes.size();
    if (stream.waiting.size() >= kWriteBytes) stream.write_waiting();
}

std::uint64_t record(std::vector<Stream>& streams, bool with_hash, std::chrono::seconds length) {
    using Steady = std::chrono::steady_clock;
    const UniqueFd poller{::epoll_create1(EPOLL_CLOEXEC)};
    for (Stream& stream : streams) {
        epoll_event interest{.events = EPOLLIN, .data = {.ptr = &stream}};
        ::epoll_ctl(poller.get(), EPOLL_CTL_ADD, stream.socket.get(), &interest);
    }
    const auto end = Steady::now() + length;
    auto next_sync = Steady::now() + std::chrono::seconds{5};
    std::array<epoll_event, 64> ready{};
    while (Steady::now() < end) {
        const int count = ::epoll_wait(poller.get(), ready.data(), static_cast<int>(ready.size()), 100);
        for (int i = 0; i < count; ++i)
            receive(*static_cast<Stream*>(ready[static_cast<std::size_t>(i)].data.ptr), with_hash);
        if (Steady::now() < next_sync) continue;
        for (Stream& stream : streams) {
            stream.write_waiting();
            ::fdatasync(stream.file.get());
        }
        next_sync += std::chrono::seconds{5};
    }
    std::uint64_t bytes = 0;
    for (Stream& stream : streams) {
        stream.write_waiting();
        bytes += stream.bytes;
    }
    return bytes;
}

}  // namespace

int main(int count, char** words) {
    std::vector<std::string> arguments(words + 1, words + count);
    const bool with_hash = std::erase(arguments, "--no-hash") == 0;
    if (arguments.size() < 3) {
        std::cerr << "usage: rtsp-floor [--no-hash] SECONDS FOLDER URL...\n";
        return 2;
    }
    std::vector<Stream> streams;
    for (std::size_t i = 2; i < arguments.size(); ++i) {
        const std::string file = fmt::format("{}/{}.rtp", arguments[1], i - 1);
        Stream stream;
        stream.socket = play(arguments[i]);
        stream.file = UniqueFd{::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)};
        if (!stream.file.is_open()) die("cannot create " + file);
        stream.waiting.reserve(kWriteBytes + kReadBytes);
        streams.push_back(std::move(stream));
    }
    const double before = cpu_seconds();
    const std::uint64_t bytes = record(streams, with_hash, std::chrono::seconds{std::stoi(arguments[0])});
    std::cout << fmt::format("{{\"cpu_seconds\": {:.4f}, \"bytes\": {}}}\n", cpu_seconds() - before, bytes);
    return 0;
}
