#include "jobs/controllers/zkteco_adapter.hpp"

#include "config/base/log.hpp"
#include "jobs/controllers/bell.hpp"
#include "jobs/controllers/sockets.hpp"

#include <array>
#include <cerrno>
#include <list>
#include <thread>

#include <poll.h>

#include <pthread.h>

namespace sluice::controllers::zkteco {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostVisits = 8;
constexpr auto kListenAgain = 10s;
constexpr std::size_t kPiece = 16'384;

/// A connection and the thread that serves it.
struct Visit {
    std::shared_ptr<std::atomic<bool>> is_over = std::make_shared<std::atomic<bool>>(false);  // thread and we
    std::jthread thread;
};

/// Reads more behind what is there. false: it ended, or the time is over.
bool read_more(int fd, std::string& bytes, Deadline deadline, const std::stop_token& stop) {
    if (!wait_for(fd, POLLIN, deadline, stop)) return false;
    std::array<char, kPiece> piece{};
    const ssize_t count = ::recv(fd, piece.data(), piece.size(), 0);
    if (count > 0) bytes.append(piece.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

bool send_all(int fd, std::string_view text, Deadline deadline, const std::stop_token& stop) {
    while (!text.empty()) {
        if (!wait_for(fd, POLLOUT, deadline, stop)) return false;
        const ssize_t count = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

DeviceListener::DeviceListener(std::string listen, Desk desk, std::chrono::milliseconds visit)
    : listen_(std::move(listen)),
      desk_(std::move(desk)),
      visit_(visit) {}

UniqueFd DeviceListener::open(const std::stop_token& stop) {
    Bell bell;
    const std::stop_callback wake{stop, [&bell] { bell.ring(); }};
    bool is_said = false;
    while (!stop.stop_requested()) {
        auto fd = listen_at(listen_, SOCK_STREAM);
        if (fd) {
            port_ = endpoint_of(*fd).port();
            log::info("zkteco_listening", {{"address", listen_}, {"port", port_.load()}});
            return std::move(*fd);
        }
        if (!std::exchange(is_said, true))
            log::error(
                "zkteco_not_listening", {{"error", fd.error().describe()}, {"remedy", "it is tried again"}}
            );
        bell.wait_until(std::chrono::steady_clock::now() + kListenAgain);
    }
    return UniqueFd{};
}

void DeviceListener::run(const std::stop_token& stop) {
    const UniqueFd listener = open(stop);
    std::list<Visit> visits;
    while (!stop.stop_requested()) {
        const bool has_guest =
            wait_for(listener.get(), POLLIN, Deadline::clock::now() + 1s, stop).has_value();
        std::erase_if(visits, [](const Visit& visit) { return visit.is_over->load(); });
        if (!has_guest) continue;
        Endpoint guest;
        guest.length = sizeof guest.storage;
        UniqueFd fd{::accept4(listener.get(), guest.get(), &guest.length, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!fd.is_open()) continue;
        std::string host = guest.host();
        // Closed unread: a device that was not served comes again.
        if (!desk_.expects(host) || visits.size() == kMostVisits) continue;
        Visit& visit = visits.emplace_back();
        visit.thread =
            std::jthread{[this, is_over = visit.is_over, fd = std::move(fd), host = std::move(host)](
                             const std::stop_token& told
                         ) {
                serve(fd, host, told);
                is_over->store(true);
            }};
        ::pthread_setname_np(visit.thread.native_handle(), "acs-zk");
    }
    port_ = 0;
}

void DeviceListener::serve(const UniqueFd& fd, const std::string& host, const std::stop_token& stop) const {
    const Deadline deadline = Deadline::clock::now() + visit_;
    std::string bytes;
    auto head = parse_head(bytes);
    while (head && !*head) {
        if (!read_more(fd.get(), bytes, deadline, stop)) return;
        head = parse_head(bytes);
    }
    if (!head) {
        static_cast<void>(send_all(fd.get(), to_answer(head.error(), "ERROR\n"), deadline, stop));
        return;
    }
    const Request& request = **head;
    const std::size_t whole = request.head_bytes + request.body_bytes;
    if (request.expects_continue && bytes.size() < whole &&
        !send_all(fd.get(), "HTTP/1.1 100 Continue\r\n\r\n", deadline, stop))
        return;
    while (bytes.size() < whole)
        if (!read_more(fd.get(), bytes, deadline, stop)) return;
    const std::string answer =
        desk_.answer(request, std::string_view{bytes}.substr(request.head_bytes, request.body_bytes), host);
    // The rows are stored now, however long that took: the answer has a time of its own.
    static_cast<void>(send_all(fd.get(), answer, Deadline::clock::now() + visit_, stop));
}

}  // namespace sluice::controllers::zkteco
