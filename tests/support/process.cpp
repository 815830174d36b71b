#include "tests/support/process.hpp"

#include "tests/support/eventually.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::test {
namespace {

std::string read_from(const std::filesystem::path& path, std::size_t start) {
    std::ifstream in{path, std::ios::binary};
    in.seekg(static_cast<std::streamoff>(start));
    return std::string{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

std::vector<std::string> make_environment(const std::vector<std::string>& changes) {
    std::map<std::string, std::string> values;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        values[std::string{text.substr(0, text.find('='))}] = text;
    }
    for (const std::string& change : changes) {
        const std::string name = change.substr(0, change.find('='));
        if (name == change) {
            values.erase(name);
        } else {
            values[name] = change;
        }
    }
    std::vector<std::string> result;
    for (auto& [name, entry] : values)
        result.push_back(std::move(entry));
    return result;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts)
        result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

struct Child {
    int input = -1;
    int output = -1;
    int errors = -1;
    int report = -1;  ///< close-on-exec: an errno written here says that exec failed
    pid_t parent = 0;
    const char* working_folder = nullptr;
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
};

// Between fork and exec only calls that are safe after a signal: the parent may have threads.
[[noreturn]] void become(const Child& child) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const bool is_orphan = ::getppid() != child.parent;
    const bool is_placed = child.working_folder == nullptr || ::chdir(child.working_folder) == 0;
    if (!is_orphan && is_placed && ::dup2(child.input, 0) == 0 && ::dup2(child.output, 1) == 1 &&
        ::dup2(child.errors, 2) == 2) {
        ::execvpe(child.arguments[0], child.arguments, child.environment);
    }
    const int code = errno;
    [[maybe_unused]] const auto written = ::write(child.report, &code, sizeof code);
    ::_exit(127);
}

Result<pid_t>
spawn(Child child, const std::vector<std::string>& command, const std::vector<std::string>& changes) {
    const std::vector<std::string> environment = make_environment(changes);
    const std::vector<char*> arguments = pointers(command);
    const std::vector<char*> entries = pointers(environment);
    int pipe_ends[2] = {};
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return errno_error(Remedy::retry, "cannot make a pipe");
    const UniqueFd report_read{pipe_ends[0]};
    UniqueFd report_write{pipe_ends[1]};
    child.report = report_write.get();
    child.parent = ::getpid();
    child.arguments = arguments.data();
    child.environment = entries.data();
    const pid_t pid = ::fork();
    if (pid < 0) return errno_error(Remedy::retry, "cannot fork");
    if (pid == 0) become(child);
    report_write.reset();
    int code = 0;
    if (::read(report_read.get(), &code, sizeof code) == static_cast<ssize_t>(sizeof code)) {
        ::waitpid(pid, nullptr, 0);
        errno = code;
        return errno_error(Remedy::operator_acts, "cannot execute " + command.front());
    }
    return pid;
}

}  // namespace

Result<Process> Process::start(const std::vector<std::string>& command, ProcessOptions options) {
    Process process;
    const char* const log = options.log.empty() ? "/dev/null" : options.log.c_str();
    const UniqueFd output{::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
    if (!output.is_open()) return errno_error(Remedy::operator_acts, std::string{"cannot open "} + log);
    if (!options.log.empty()) process.log_start_ = std::filesystem::file_size(options.log);
    UniqueFd input{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (options.has_input_pipe) {
        int ends[2] = {};
        if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error(Remedy::retry, "cannot make a pipe");
        input = UniqueFd{ends[0]};
        process.input_ = UniqueFd{ends[1]};
    }
    Child child;
    child.input = input.get();
    child.output = output.get();
    child.errors = output.get();
    if (!options.working_folder.empty()) child.working_folder = options.working_folder.c_str();
    const Result<pid_t> pid = spawn(child, command, options.environment);
    if (!pid) return std::unexpected{pid.error()};
    process.pid_ = *pid;
    process.options_ = std::move(options);
    return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      has_ended_(other.has_ended_),
      status_(other.status_),
      options_(std::move(other.options_)),
      log_start_(other.log_start_),
      input_(std::move(other.input_)) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        kill_now();
        pid_ = std::exchange(other.pid_, -1);
        has_ended_ = other.has_ended_;
        status_ = other.status_;
        options_ = std::move(other.options_);
        log_start_ = other.log_start_;
        input_ = std::move(other.input_);
    }
    return *this;
}

Process::~Process() {
    kill_now();
}

bool Process::reap(bool is_blocking) {
    if (pid_ < 0 || has_ended_) return true;
    int status = 0;
    pid_t got = 0;
    do {
        got = ::waitpid(pid_, &status, is_blocking ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0) return false;
    has_ended_ = true;
    if (got == pid_ && WIFSIGNALED(status)) {
        status_ = {-1, WTERMSIG(status)};
    } else {
        status_ = {got == pid_ ? WEXITSTATUS(status) : -1, 0};
    }
    return true;
}

bool Process::is_running() {
    return !reap(false);
}

void Process::send_signal(int signal) const {
    if (pid_ > 0 && !has_ended_) ::kill(pid_, signal);
}

Result<ExitStatus> Process::wait_for_exit(std::chrono::milliseconds limit) {
    if (eventually(limit, [&] { return reap(false); })) return status_;
    return failure(Remedy::retry, "process " + std::to_string(pid_) + " is still running");
}

ExitStatus Process::stop(std::chrono::milliseconds limit) {
    send_signal(SIGTERM);
    const Result<ExitStatus> ended = wait_for_exit(limit);
    if (!ended) kill_now();
    return status_;
}

void Process::kill_now() {
    send_signal(SIGKILL);
    static_cast<void>(reap(true));
}

std::string Process::output() const {
    return read_from(options_.log, log_start_);
}

Result<std::string>
Process::wait_for_line(std::string_view text, std::chrono::milliseconds limit, std::size_t from) {
    std::string seen;
    std::size_t found = std::string::npos;
    const auto look = [&] {
        seen = read_from(options_.log, log_start_ + from);
        found = seen.find(text);
        return found != std::string::npos && seen.find('\n', found) != std::string::npos;
    };
    const bool stopped_waiting = eventually(limit, [&] { return look() || reap(false); });
    if (!look()) {
        const std::string tail = seen.size() > 2000 ? seen.substr(seen.size() - 2000) : seen;
        const std::string why = stopped_waiting ? "process ended without" : "no line in time with";
        return failure(Remedy::retry, why + " \"" + std::string{text} + "\"; its log ends:\n" + tail);
    }
    const std::size_t line = found == 0 ? 0 : seen.rfind('\n', found - 1) + 1;
    return seen.substr(line, seen.find('\n', found) - line);
}

Result<Finished> run_to_end(
    const std::vector<std::string>& command,
    std::chrono::milliseconds limit,
    const std::vector<std::string>& environment
) {
    const UniqueFd output{::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    const UniqueFd errors{::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    const UniqueFd input{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (!output.is_open() || !errors.is_open())
        return errno_error(Remedy::retry, "cannot make a file in /tmp");
    Child child;
    child.input = input.get();
    child.output = output.get();
    child.errors = errors.get();
    const Result<pid_t> pid = spawn(child, command, environment);
    if (!pid) return std::unexpected{pid.error()};
    int status = 0;
    const bool in_time = eventually(limit, [&] { return ::waitpid(*pid, &status, WNOHANG) != 0; });
    if (!in_time) {
        ::kill(*pid, SIGKILL);
        ::waitpid(*pid, &status, 0);
        return failure(Remedy::retry, command.front() + " did not end in time");
    }
    Finished finished;
    finished.status =
        WIFSIGNALED(status) ? ExitStatus{-1, WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0};
    finished.output = read_from("/proc/self/fd/" + std::to_string(output.get()), 0);
    finished.errors = read_from("/proc/self/fd/" + std::to_string(errors.get()), 0);
    return finished;
}

}  // namespace sluice::test
