#include "tests/support/farm/server.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace sluice::farm {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestWait = 500ms;

UniqueFd make_signal_fd() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return UniqueFd{::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};
}

}  // namespace

Server::Server(Cameras cameras)
    : cameras_(std::move(cameras)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      signals_(make_signal_fd()) {
    watch(signals_.get(), EPOLLIN, true);
}

Server::~Server() {
    connections_.clear();
    if (!command_path_.empty()) ::unlink(command_path_.c_str());
}

void Server::watch(int fd, std::uint32_t events, bool is_new) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

Status Server::listen(std::uint32_t listen_address, std::uint16_t port) {
    listener_ = UniqueFd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int yes = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = listen_address;
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.get(), 512) != 0)
        return errno_error(Remedy::operator_acts, "cannot listen on port " + std::to_string(port));
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    address_ = listen_address;
    port_ = ntohs(address.sin_port);
    watch(listener_.get(), EPOLLIN, true);
    return {};
}

Status Server::listen_for_commands(const std::string& socket_path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path)
        return failure(Remedy::refuse, "path of the control socket is too long: " + socket_path);
    std::ranges::copy(socket_path, address.sun_path);
    commands_ = UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    ::unlink(socket_path.c_str());
    if (::bind(commands_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(commands_.get(), 16) != 0)
        return errno_error(Remedy::operator_acts, "cannot listen on " + socket_path);
    command_path_ = socket_path;
    watch(commands_.get(), EPOLLIN, true);
    return {};
}

Hooks Server::hooks() {
    Hooks hooks;
    hooks.close_connections = [this](Camera& camera, bool with_reset) {
        std::vector<int> ended;
        for (const auto& [fd, connection] : connections_) {
            if (connection->camera() != &camera) continue;
            if (with_reset) connection->arm_reset();
            ended.push_back(fd);
        }
        for (const int fd : ended)
            remove(fd);
    };
    hooks.stop_listening = [this](std::chrono::duration<double> pause) {
        listener_.reset();
        listens_again_ = Steady::now() + std::chrono::duration_cast<Steady::duration>(pause);
    };
    hooks.stop = [this] { is_stopping_ = true; };
    return hooks;
}

std::string Server::execute(std::string_view line) {
    return farm::execute(line, cameras_, hooks());
}

void Server::run() {
    std::array<epoll_event, 128> events;
    while (!is_stopping_) {
        const int count =
            ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
        for (int i = 0; i < count && !is_stopping_; ++i)
            on_event(events[static_cast<std::size_t>(i)].data.fd, events[static_cast<std::size_t>(i)].events);
        on_time();
    }
}

int Server::wait_ms() const {
    const TimePoint now = Steady::now();
    TimePoint due = now + kLongestWait;
    for (const auto& [fd, connection] : connections_)
        due = std::min(due, connection->next_due());
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(due - now).count();
    return static_cast<int>(std::max<std::int64_t>(0, rest));
}

void Server::on_event(int fd, std::uint32_t events) {
    if (fd == signals_.get()) {
        is_stopping_ = true;
    } else if (fd == listener_.get()) {
        accept_client();
    } else if (fd == commands_.get()) {
        accept_commander();
    } else if (commanders_.contains(fd)) {
        on_command(fd);
    } else if (const auto found = connections_.find(fd); found != connections_.end()) {
        bool is_alive = true;
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
            is_alive = found->second->on_readable(Steady::now());
        if (is_alive && (events & EPOLLOUT) != 0) is_alive = found->second->on_writable();
        if (!is_alive) {
            remove(fd);
        } else {
            watch(fd, found->second->wants_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN, false);
        }
    }
}

void Server::on_time() {
    const TimePoint now = Steady::now();
    std::vector<int> ended;
    for (const auto& [fd, connection] : connections_) {
        const bool wanted = connection->wants_to_write();
        if (!connection->on_time(now)) ended.push_back(fd);
        if (!wanted && connection->wants_to_write()) watch(fd, EPOLLIN | EPOLLOUT, false);
    }
    for (const int fd : ended)
        remove(fd);
    if (!listener_.is_open() && listens_again_ <= now) static_cast<void>(listen(address_, port_));
}

void Server::accept_client() {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    UniqueFd fd{
        ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)
    };
    if (!fd.is_open()) return;
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const int number = fd.get();
    connections_[number] =
        std::make_unique<Connection>(std::move(fd), cameras_, Addresses{address_, peer.sin_addr.s_addr});
    watch(number, EPOLLIN, true);
}

void Server::accept_commander() {
    UniqueFd fd{::accept4(commands_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd.is_open()) return;
    const int number = fd.get();
    commanders_[number] = CommandClient{std::move(fd), {}};
    watch(number, EPOLLIN, true);
}

void Server::on_command(int fd) {
    CommandClient& client = commanders_[fd];
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
        commanders_.erase(fd);
        return;
    }
    client.input.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end = client.input.find('\n'); end != std::string::npos; end = client.input.find('\n')) {
        const std::string answer = execute(std::string_view{client.input}.substr(0, end)) + "\n";
        client.input.erase(0, end + 1);
        static_cast<void>(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL));
    }
}

void Server::remove(int fd) {
    connections_.erase(fd);
}

}  // namespace sluice::farm
