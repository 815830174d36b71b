#include "cli/database/run.hpp"

#include "cli/database/cluster.hpp"
#include "cli/process/os_user.hpp"
#include "cli/process/spawn.hpp"
#include "config/base/lock_file.hpp"
#include "config/base/log.hpp"
#include "config/base/notify.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/pool.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

namespace sluice::database {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kStartLimit = 300s;  // crash recovery of a large log takes its time
constexpr auto kTick = 100ms;

/// PostgreSQL's stderr, line by line, as events of ours.
class LogLines {
public:
    void take(std::string_view bytes) {
        rest_ += bytes;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
            write_line(std::string_view{rest_}.substr(0, end));
            rest_.erase(0, end + 1);
        }
        if (rest_.size() > kLongest) rest_.clear();
    }

private:
    static constexpr std::size_t kLongest = 65536;

    static void write_line(std::string_view line) {
        const auto starts = [line](std::string_view word) { return line.starts_with(word); };
        const bool is_early = line.ends_with("the database system is starting up");  // our own question
        if (starts("PANIC:")) {
            log::error("postgres", {{"line", line}});
        } else if (!is_early && (starts("FATAL:") || starts("ERROR:") || starts("WARNING:"))) {
            log::warn("postgres", {{"line", line}});  // FATAL ends one session, not the server
        } else {
            log::debug("postgres", {{"line", line}});
        }
    }

    std::string rest_;
};

Result<UniqueFd> block_signals() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD})
        ::sigaddset(&wanted, signal);
    if (::pthread_sigmask(SIG_BLOCK, &wanted, nullptr) != 0)
        return errno_error(Remedy::operator_acts, "cannot block signals");
    UniqueFd fd{::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot make a signalfd");
    return fd;
}

/// When this program was killed its postmaster has been told to stop and is at it: two can't have one
/// cluster. False: stopped meanwhile. What lasts too long PostgreSQL itself refuses, with its reason.
bool await_predecessor(const UniqueFd& signals, const std::filesystem::path& data) {
    const auto limit = SteadyClock::now() + kStartLimit;
    bool is_stopping = false;
    bool is_said = false;
    while (SteadyClock::now() < limit) {
        const auto pid = find_predecessor(data);
        if (!pid) break;
        if (!std::exchange(is_said, true))
            log::info("database_waits", {{"for", "its predecessor"}, {"pid", *pid}});
        pollfd ready{.fd = signals.get(), .events = POLLIN, .revents = 0};
        ::poll(&ready, 1, static_cast<int>(std::chrono::milliseconds{kTick}.count()));
        signalfd_siginfo signal{};
        while (::read(signals.get(), &signal, sizeof signal) == sizeof signal)
            is_stopping |= signal.ssi_signo != SIGCHLD;
    }
    return !is_stopping;
}

/// The postmaster and what is waited for: its log, our signals, its end.
class Running {
public:
    Running(UniqueFd signals, UniqueFd log, pid_t pid)
        : signals_(std::move(signals)),
          log_(std::move(log)),
          pid_(pid) {}

    /// Waits for one tick at most. After it `ended` and `is_stopping` say what happened.
    void wait() {
        std::array<pollfd, 2> ready{
            {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
             {.fd = log_.get(), .events = POLLIN, .revents = 0}}
        };
        ::poll(ready.data(), ready.size(), static_cast<int>(std::chrono::milliseconds{kTick}.count()));
        read_signals();
        read_log();
        reap();
    }
    void stop() const {
        if (!ended_) ::kill(pid_, SIGINT);
    }
    [[nodiscard]] std::optional<int> ended() const { return ended_; }
    [[nodiscard]] bool is_stopping() const { return is_stopping_; }

private:
    void read_signals() {
        signalfd_siginfo signal{};
        while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal)
            if (signal.ssi_signo != SIGCHLD) is_stopping_ = true;
    }
    void read_log() {
        std::array<char, 4096> buffer{};
        for (;;) {
            const ssize_t count = ::read(log_.get(), buffer.data(), buffer.size());
            if (count <= 0) return;
            lines_.take({buffer.data(), static_cast<std::size_t>(count)});
        }
    }
    void reap() {
        int status = 0;
        if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) ended_ = process::exit_code_of(status);
    }

    UniqueFd signals_;
    UniqueFd log_;
    pid_t pid_;
    LogLines lines_;
    std::optional<int> ended_;
    bool is_stopping_ = false;
};

/// Until the database answers and has its schema.
Status
make_ready(Running& running, const std::filesystem::path& programs, const std::filesystem::path& data) {
    const auto limit = SteadyClock::now() + kStartLimit;
    for (;;) {
        running.wait();
        if (running.is_stopping()) return failure(Remedy::cancelled, "stopped while starting");
        if (running.ended())
            return failure(Remedy::operator_acts, "the postmaster ended while starting; see its log above");
        const auto there = check_answers(programs, data);
        if (there) break;
        if (there.error().remedy() != Remedy::retry) return there;
        if (SteadyClock::now() > limit) return failure(Remedy::operator_acts, "the database does not answer");
    }
    const auto report = catalogue::migrate(
        catalogue::embedded_conninfo(data, "sluice_super"),
        false,
        catalogue::Upgrade{process::operator_here(), RealClock{}.now()}
    );
    if (!report) return std::unexpected(report.error());
    log::info(
        "database_ready",
        {{"schema", report->version},
         {"migrations_applied", static_cast<std::int64_t>(report->applied.size())}}
    );
    return {};
}

Status serve(Running& running, const std::filesystem::path& programs, const std::filesystem::path& data) {
    if (auto ready = make_ready(running, programs, data); !ready) return ready;
    notify("READY=1");
    const auto interval = watchdog_interval();
    auto next_sign_of_life = SteadyClock::now();
    while (!running.is_stopping() && !running.ended()) {
        running.wait();
        if (interval && SteadyClock::now() >= next_sign_of_life) {
            notify("WATCHDOG=1");
            next_sign_of_life = SteadyClock::now() + *interval / 3;
        }
    }
    if (running.ended())
        return failure(
            Remedy::operator_acts,
            fmt::format("the postmaster ended by itself with code {}", *running.ended())
        );
    return {};
}

}  // namespace

Status run(const std::filesystem::path& data) {
    const auto programs = find_programs();
    if (!programs) return std::unexpected(programs.error());
    const auto keep = static_cast<uid_t>(-1);
    if (auto made = process::ensure_folder(data / "database", keep, keep, 0750); !made) return made;
    const auto lock = take_lock(data / "database" / "run.lock", "database", data, 0600);
    if (!lock) return std::unexpected(lock.error());
    if (auto ready = prepare(*programs, data); !ready) return ready;
    auto signals = block_signals();
    if (!signals) return std::unexpected(signals.error());
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!await_predecessor(*signals, data)) return {};

    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return errno_error(Remedy::operator_acts, "cannot make a pipe");
    UniqueFd log{ends[0]};
    UniqueFd log_end{ends[1]};
    const auto postmaster = start_postmaster(*programs, data, log_end.get());
    if (!postmaster) return std::unexpected(postmaster.error());
    log_end.reset();

    Running running{std::move(*signals), std::move(log), *postmaster};
    Status served = serve(running, *programs, data);
    notify("STOPPING=1");
    running.stop();
    while (!running.ended())
        running.wait();  // fast shutdown ends every session; only the supervisor above loses patience
    if (!served && served.error().remedy() == Remedy::cancelled) return {};
    return served;
}

}  // namespace sluice::database
