#include "storage/contractor/limited_process.hpp"

#include "config/base/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <spawn.h>

namespace sluice::contractor {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kLookEveryMs = 100;
constexpr rlim_t kMostAddresses = 2ULL << 30U;
constexpr rlim_t kMostDescriptors = 64;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool kHasShadowMemory = true;
#else
constexpr bool kHasShadowMemory = false;
#endif
#else
constexpr bool kHasShadowMemory = false;
#endif

/// Killed and reaped when it is let go.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    ~Child() {
        if (has_ended_) return;
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// So far, all its threads; 0 where nobody says.
    [[nodiscard]] std::chrono::nanoseconds cpu_time() const {
        clockid_t clock{};
        timespec time{};
        if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
        return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
    }
    [[nodiscard]] std::uint64_t resident_bytes() const {
        std::ifstream file{"/proc/" + std::to_string(pid_) + "/statm"};
        std::uint64_t all = 0;
        std::uint64_t resident = 0;
        if (!(file >> all >> resident)) return 0;
        return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    /// As waitpid() tells it; nullopt: it still runs.
    [[nodiscard]] std::optional<int> find_end() {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
        has_ended_ = true;
        return status;
    }

private:
    pid_t pid_;
    bool has_ended_ = false;
};

/// Compares a child with its limits, again and again.
class Warden {
public:
    Warden(const Child& child, const ProcessLimits& limits) : child_(child), limits_(limits) {}

    std::optional<ProcessEnd> find_excess() {
        const auto computed = child_.cpu_time();
        if (computed >= limits_.cpu) return ProcessEnd::over_cpu;
        if (child_.resident_bytes() > limits_.resident_bytes) return ProcessEnd::over_memory;
        const auto now = SteadyClock::now();
        if (computed > computed_) {
            computed_ = computed;
            computed_at_ = now;
        }
        if (now - computed_at_ >= limits_.stall) return ProcessEnd::stalled;
        return std::nullopt;
    }

private:
    const Child& child_;
    const ProcessLimits& limits_;
    std::chrono::nanoseconds computed_{0};
    SteadyClock::time_point computed_at_ = SteadyClock::now();
};

struct SpawnActions {
    SpawnActions() { ::posix_spawn_file_actions_init(&value); }
    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&value); }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;
    posix_spawn_file_actions_t value{};
};
struct SpawnAttributes {
    SpawnAttributes() { ::posix_spawnattr_init(&value); }
    ~SpawnAttributes() { ::posix_spawnattr_destroy(&value); }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;
    posix_spawnattr_t value{};
};

/// Nothing of ours runs in the child before the program does: this process has other threads.
Result<pid_t> spawn(const std::filesystem::path& program, std::vector<std::string>& arguments, int output) {
    SpawnActions actions;
    ::posix_spawn_file_actions_addopen(&actions.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions.value, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions.value, STDERR_FILENO + 1);
    SpawnAttributes attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes.value, &none);
    ::posix_spawnattr_setsigdefault(&attributes.value, &all);
    ::posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    words.reserve(arguments.size() + 1);
    for (std::string& argument : arguments)
        words.push_back(argument.data());
    words.push_back(nullptr);
    std::array<char*, 1> environment{};
    pid_t pid = -1;
    const int code = ::posix_spawn(
        &pid, program.c_str(), &actions.value, &attributes.value, words.data(), environment.data()
    );
    if (code == 0) return pid;
    errno = code;
    return errno_error(Remedy::operator_acts, "cannot run " + program.string());
}

/// What has come within a tenth of a second. False: the pipe is closed.
bool read_some(int fd, std::string& output) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kLookEveryMs) <= 0) return true;
    std::array<char, 4096> piece{};
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got > 0) output.append(piece.data(), static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && errno == EINTR);
}

ProcessOutcome outcome_of(int status, std::string output) {
    if (WIFSIGNALED(status)) return {ProcessEnd::signalled, WTERMSIG(status), std::move(output)};
    return {ProcessEnd::exited, WEXITSTATUS(status), std::move(output)};
}

void set_limit(__rlimit_resource_t resource, rlim_t most) noexcept {
    const rlimit limit{most, most};
    ::setrlimit(resource, &limit);  // refused in some sandboxes: there the parent's watch is all
}

}  // namespace

Result<ProcessOutcome> run_limited(
    const std::filesystem::path& program,
    std::vector<std::string> arguments,
    const ProcessLimits& limits,
    const std::function<bool()>& go_on
) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(Remedy::retry, "cannot make a pipe");
    const UniqueFd from{ends[0]};
    UniqueFd to{ends[1]};
    const auto pid = spawn(program, arguments, to.get());
    if (!pid) return std::unexpected(pid.error());
    to.reset();
    Child child{*pid};
    Warden warden{child, limits};
    std::string output;
    bool is_open = true;
    for (;;) {
        if (!go_on()) return failure(Remedy::cancelled, program.string() + " was stopped");
        if (const auto excess = warden.find_excess()) return ProcessOutcome{*excess, 0, std::move(output)};
        if (is_open)
            is_open = read_some(from.get(), output);
        else
            ::poll(nullptr, 0, kLookEveryMs / 10);
        if (output.size() > limits.output_bytes)
            return ProcessOutcome{ProcessEnd::over_output, 0, std::move(output)};
        if (is_open) continue;
        if (const auto status = child.find_end()) return outcome_of(*status, std::move(output));
    }
}

void limit_this_process(std::chrono::seconds cpu) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    set_limit(RLIMIT_CPU, static_cast<rlim_t>(cpu.count()));
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_NOFILE, kMostDescriptors);
    if constexpr (!kHasShadowMemory) set_limit(RLIMIT_AS, kMostAddresses);
}

}  // namespace sluice::contractor
