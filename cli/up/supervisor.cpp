#include "cli/up/supervisor.hpp"

#include "cli/up/restart_policy.hpp"
#include "config/base/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <ranges>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

namespace sluice::up {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kWatchdog = 30s;
constexpr auto kLongestWait = 200ms;

Result<UniqueFd> block_signals() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
        ::sigaddset(&wanted, signal);
    if (::pthread_sigmask(SIG_BLOCK, &wanted, nullptr) != 0)
        return errno_error(Remedy::operator_acts, "cannot block signals");
    UniqueFd fd{::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot make a signalfd");
    return fd;
}

/// A datagram socket under an abstract name of the kernel's choice, which tells each sender's pid.
Result<std::pair<UniqueFd, std::string>> listen_for_notifications() {
    UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const int on = 1;
    socklen_t length = sizeof(sa_family_t);  // no name: autobind
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (!fd.is_open() || ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
        ::bind(fd.get(), any, length) != 0)
        return errno_error(Remedy::operator_acts, "cannot listen for notifications");
    length = sizeof address;
    if (::getsockname(fd.get(), any, &length) != 0)
        return errno_error(Remedy::operator_acts, "cannot name the notification socket");
    const std::size_t count = length - offsetof(sockaddr_un, sun_path);
    std::string name{address.sun_path, count};
    name[0] = '@';
    return std::pair{std::move(fd), std::move(name)};
}

struct Notification {
    pid_t sender = 0;
    std::string text;
};

std::optional<Notification> receive(int fd) {
    std::array<char, 4096> text{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec piece{.iov_base = text.data(), .iov_len = text.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return std::nullopt;
    Notification result{.sender = 0, .text = std::string{text.data(), static_cast<std::size_t>(count)}};
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_type == SCM_CREDENTIALS) {
        ucred credentials{};
        std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
        result.sender = credentials.pid;
    }
    return result;
}

bool has_line(std::string_view text, std::string_view line) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (text.substr(0, end) == line) return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

}  // namespace

Supervisor::Supervisor(UniqueFd signals, UniqueFd notifications, std::string notify_name)
    : signals_(std::move(signals)),
      notifications_(std::move(notifications)),
      notify_name_(std::move(notify_name)) {}

Result<Supervisor> Supervisor::make() {
    auto signals = block_signals();
    if (!signals) return std::unexpected(signals.error());
    auto notifications = listen_for_notifications();
    if (!notifications) return std::unexpected(notifications.error());
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return errno_error(Remedy::operator_acts, "cannot become the reaper of orphans");
    return Supervisor{std::move(*signals), std::move(notifications->first), std::move(notifications->second)};
}

Status Supervisor::start(Service service) {
    service.command.environment.push_back("NOTIFY_SOCKET=" + notify_name_);
    service.command.environment.push_back(
        fmt::format("WATCHDOG_USEC={}", std::chrono::microseconds{kWatchdog}.count())
    );
    Running running{.service = std::move(service), .started = {}, .start_again = {}, .last_sign_of_life = {}};
    if (auto launched = launch(running); !launched) return launched;
    services_.push_back(std::move(running));
    return {};
}

Status Supervisor::launch(Running& running) {
    const auto pid = process::spawn(running.service.command);
    if (!pid) return std::unexpected(pid.error());
    running.pid = *pid;
    running.started = SteadyClock::now();
    running.is_ready = false;
    running.last_sign_of_life.reset();
    log::info("service_started", {{"service", running.service.name}, {"pid", *pid}});
    return {};
}

bool Supervisor::run_until(const std::function<bool()>& done, Deadline deadline) {
    for (;;) {
        if (is_stop_asked_) return false;
        if (done()) return true;
        if (SteadyClock::now() >= deadline) return false;
        wait_for_events(deadline);
        restart_due();
        kill_silent();
    }
}

void Supervisor::wait_for_events(Deadline deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    const auto wait = std::clamp(left, 0ms, std::chrono::milliseconds{kLongestWait});
    std::array<pollfd, 2> ready{
        {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
         {.fd = notifications_.get(), .events = POLLIN, .revents = 0}}
    };
    ::poll(ready.data(), ready.size(), static_cast<int>(wait.count()));
    read_signals();
    read_notifications();
    reap();
}

void Supervisor::read_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) is_stop_asked_ = true;
        if (signal.ssi_signo == SIGHUP) hand_on_hangup();
    }
}

void Supervisor::hand_on_hangup() const {
    for (const std::string& name : hangup_receivers_) {
        const Running* receiver = find(name);
        if (receiver != nullptr && receiver->pid > 0) ::kill(receiver->pid, SIGHUP);
    }
}

void Supervisor::read_notifications() {
    while (const auto notification = receive(notifications_.get())) {
        Running* sender = find(notification->sender);
        if (sender == nullptr) continue;  // anybody can write to an abstract name
        if (has_line(notification->text, "READY=1")) sender->is_ready = true;
        if (has_line(notification->text, "WATCHDOG=1")) sender->last_sign_of_life = SteadyClock::now();
    }
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG))
        if (Running* ended = find(pid)) note_end(*ended, process::exit_code_of(status));
}

void Supervisor::note_end(Running& running, int exit_code) const {
    const auto now = SteadyClock::now();
    const pid_t pid = std::exchange(running.pid, -1);
    running.is_ready = false;
    if (is_stopping_) {
        log::info("service_stopped", {{"service", running.service.name}, {"pid", pid}, {"code", exit_code}});
        return;
    }
    running.failures = failures_in_row(running.failures, now - running.started);
    const auto delay = restart_delay(running.failures);
    running.start_again = now + delay;
    log::warn(
        "service_ended",
        {{"service", running.service.name},
         {"pid", pid},
         {"code", exit_code},
         {"restart_in_ms", delay.count()}}
    );
}

void Supervisor::restart_due() {
    if (is_stop_asked_) return;
    for (Running& running : services_) {
        if (running.pid > 0 || SteadyClock::now() < running.start_again) continue;
        if (const auto launched = launch(running); !launched) {
            running.failures += 1;
            running.start_again = SteadyClock::now() + restart_delay(running.failures);
            log::error(
                "service_not_started",
                {{"service", running.service.name}, {"error", launched.error().describe()}}
            );
        }
    }
}

void Supervisor::kill_silent() const {
    for (const Running& running : services_) {
        if (running.pid <= 0 || !running.last_sign_of_life) continue;
        if (SteadyClock::now() - *running.last_sign_of_life < kWatchdog) continue;
        log::error("service_silent", {{"service", running.service.name}, {"pid", running.pid}});
        ::kill(running.pid, SIGKILL);
    }
}

void Supervisor::stop(Running& running) {
    if (running.pid <= 0) return;
    ::kill(running.pid, SIGTERM);
    const auto limit = SteadyClock::now() + running.service.stop_limit;
    while (running.pid > 0 && SteadyClock::now() < limit)
        wait_for_events(limit);
    if (running.pid <= 0) return;
    log::error("service_killed", {{"service", running.service.name}, {"pid", running.pid}});
    ::kill(running.pid, SIGKILL);
    while (running.pid > 0)
        wait_for_events(SteadyClock::now() + kLongestWait);
}

void Supervisor::stop_all() {
    is_stopping_ = true;
    for (Running& running : services_ | std::views::reverse)
        stop(running);
}

bool Supervisor::is_ready(std::string_view name) const {
    const Running* running = find(name);
    return running != nullptr && running->is_ready;
}

Supervisor::Running* Supervisor::find(pid_t pid) {
    const auto found = std::ranges::find(services_, pid, &Running::pid);
    return found == services_.end() || pid <= 0 ? nullptr : &*found;
}

const Supervisor::Running* Supervisor::find(std::string_view name) const {
    const auto found = std::ranges::find_if(services_, [name](const Running& running) {
        return running.service.name == name;
    });
    return found == services_.end() ? nullptr : &*found;
}

}  // namespace sluice::up
