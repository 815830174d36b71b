#pragma once

#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sluice::test {

struct ProcessOptions {
    /// stdout and stderr go to the end of this file; empty: to /dev/null.
    std::filesystem::path log{};
    /// "NAME=value", on top of this process's environment; a bare "NAME" takes it away.
    std::vector<std::string> environment{};
    std::filesystem::path working_folder{};  ///< empty: ours
    bool has_input_pipe = false;  ///< true: `input()` is the write end of its stdin, else /dev/null
};

struct ExitStatus {
    int code = 0;    ///< exit code; -1 when a signal ended it
    int signal = 0;  ///< 0 when it exited by itself
    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

/// A program started by a test. It dies with the *thread* that started it (PR_SET_PDEATHSIG), so start it
/// from the test's main thread; the destructor kills and reaps it.
class Process {
public:
    /// command[0] is looked up in PATH unless it has a slash. Error: when it can't be executed.
    [[nodiscard]] static Result<Process>
    start(const std::vector<std::string>& command, ProcessOptions options);

    Process() = default;
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool is_running();
    void send_signal(int signal) const;
    /// Error: still running when the limit is over (it goes on running).
    [[nodiscard]] Result<ExitStatus> wait_for_exit(std::chrono::milliseconds limit);
    /// SIGTERM, waits, and SIGKILL when the limit is over. How it ended.
    ExitStatus stop(std::chrono::milliseconds limit);
    /// SIGKILL and reaps: at its return nothing of the process runs any more.
    void kill_now();

    /// Everything it has written to its log, from this start on.
    [[nodiscard]] std::string output() const;
    /// First complete line of the log from `from` bytes on that contains `text`. Error: the limit is over, or
    /// the process ended without it; the message shows the end of the log.
    [[nodiscard]] Result<std::string>
    wait_for_line(std::string_view text, std::chrono::milliseconds limit, std::size_t from = 0);
    [[nodiscard]] UniqueFd& input() noexcept { return input_; }

private:
    bool reap(bool is_blocking);

    pid_t pid_ = -1;
    bool has_ended_ = false;
    ExitStatus status_;
    ProcessOptions options_;
    std::size_t log_start_ = 0;
    UniqueFd input_;
};

struct Finished {
    ExitStatus status;
    std::string output;  ///< stdout
    std::string errors;  ///< stderr
};

/// Runs a program to its end. Error: it can't be executed, or the limit is over (then it is killed).
[[nodiscard]] Result<Finished> run_to_end(
    const std::vector<std::string>& command,
    std::chrono::milliseconds limit,
    const std::vector<std::string>& environment = {}
);

}  // namespace sluice::test
