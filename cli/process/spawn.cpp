#include "cli/process/spawn.hpp"

#include "config/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grp.h>

namespace sluice::process {
namespace {

constexpr std::size_t kOutputLimit = 65536;
constexpr std::array<std::string_view, 5>
    kNeverInherited{"PATH=", "LANG=", "PG", "NOTIFY_SOCKET=", "WATCHDOG_"};

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(Remedy::operator_acts, "cannot make a pipe");
    return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (std::string& text : texts)
        result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment_of(const Command& command) {
    std::vector<std::string> result{
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"
    };
    if (command.inherits_environment) {
        for (char** entry = ::environ; *entry != nullptr; ++entry) {
            const std::string_view text{*entry};
            const bool is_ours_alone = std::ranges::any_of(kNeverInherited, [&](std::string_view start) {
                return text.starts_with(start);
            });
            if (!is_ours_alone) result.emplace_back(text);
        }
    }
    result.insert(result.end(), command.environment.begin(), command.environment.end());
    return result;
}

/// In the child: everything between fork and exec. Returns only on failure, with errno set.
void become_program(
    const Command& command,
    int binary,
    pid_t parent,
    char* const* arguments,
    char* const* environment
) {
    if (command.user && ::geteuid() == 0 && !become(*command.user)) return;
    ::setsid();
    // After setresuid, which clears it.
    if (::prctl(PR_SET_PDEATHSIG, command.death_signal) != 0) return;
    if (::getppid() != parent) ::_exit(1);  // the parent died before the line above
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    static_cast<void>(std::signal(SIGPIPE, SIG_DFL));  // an ignored signal would stay ignored
    if (::chdir("/") != 0) return;
    const UniqueFd empty{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (::dup2(empty.get(), STDIN_FILENO) < 0) return;
    if (::dup2(command.error_fd, STDERR_FILENO) < 0 || ::dup2(command.output_fd, STDOUT_FILENO) < 0) return;
    ::fexecve(binary, arguments, environment);
}

}  // namespace

bool become(const OsUser& user) noexcept {
    return ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
           ::setresgid(user.gid, user.gid, user.gid) == 0 && ::setresuid(user.uid, user.uid, user.uid) == 0;
}

int exit_code_of(int wait_status) noexcept {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

Result<pid_t> spawn(const Command& command) {
    const UniqueFd binary{::open(command.binary.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!binary.is_open())
        return errno_error(Remedy::operator_acts, "cannot start " + command.binary.string());
    std::vector<std::string> arguments{command.binary.string()};
    arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
    std::vector<std::string> environment = environment_of(command);
    const auto argument_pointers = pointers(arguments);
    const auto environment_pointers = pointers(environment);
    auto report = make_pipe();
    if (!report) return std::unexpected(report.error());

    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return errno_error(Remedy::retry, "cannot fork for " + command.binary.string());
    if (child == 0) {
        become_program(command, binary.get(), parent, argument_pointers.data(), environment_pointers.data());
        const int code = errno;
        if (::write(report->write.get(), &code, sizeof code) != sizeof code) ::_exit(126);
        ::_exit(127);
    }
    report->write.reset();
    int code = 0;
    ssize_t count = 0;
    do
        count = ::read(report->read.get(), &code, sizeof code);
    while (count < 0 && errno == EINTR);
    if (count == sizeof code) {  // exec closes the pipe; only a failure writes to it
        ::waitpid(child, nullptr, 0);
        errno = code;
        return errno_error(Remedy::operator_acts, "cannot start " + command.binary.string());
    }
    return child;
}

Result<Outcome> run(Command command, Deadline deadline) {
    auto output = make_pipe();
    if (!output) return std::unexpected(output.error());
    command.output_fd = output->write.get();
    command.error_fd = output->write.get();
    const auto child = spawn(command);
    if (!child) return std::unexpected(child.error());
    output->write.reset();

    Outcome outcome;
    bool in_time = true;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        pollfd readable{.fd = output->read.get(), .events = POLLIN, .revents = 0};
        const int ready = ::poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) {
            in_time = false;
            ::kill(*child, SIGKILL);
            break;
        }
        const ssize_t count = ::read(output->read.get(), buffer.data(), buffer.size());
        if (count <= 0) break;
        outcome.output.append(buffer.data(), static_cast<std::size_t>(count));
        if (outcome.output.size() > kOutputLimit)
            outcome.output.erase(0, outcome.output.size() - kOutputLimit);
    }
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) return failure(Remedy::retry, command.binary.string() + " did not end in time");
    outcome.exit_code = exit_code_of(status);
    return outcome;
}

}  // namespace sluice::process
