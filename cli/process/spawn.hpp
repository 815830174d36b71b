#pragma once

#include "cli/process/os_user.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// Starting other programs. For single-threaded callers only: it forks.
namespace sluice::process {

struct Command {
    std::filesystem::path binary;
    std::vector<std::string> arguments;    ///< without the name itself
    std::optional<OsUser> user;            ///< become this user first (as root); nullopt: stay
    std::vector<std::string> environment;  ///< "NAME=value"; added to a bare PATH and LANG
    bool inherits_environment =
        false;                      ///< also ours, but for what concerns libpq and the supervisor above us
    int death_signal = SIGTERM;     ///< what the child gets when this process dies
    int output_fd = STDERR_FILENO;  ///< where its stdout goes
    int error_fd = STDERR_FILENO;
};

/// Starts it in a session of its own (Ctrl-C in the terminal reaches only us, which stop it in order). The
/// binary is opened before rights are dropped, so it may lie in a clone below /root. Error: operator_acts,
/// naming the binary.
[[nodiscard]] Result<pid_t> spawn(const Command& command);

struct Outcome {
    int exit_code = 0;   ///< 128 + signal for a killed one
    std::string output;  ///< stdout and stderr, the last 64 KiB
};
/// Runs it to its end. Error: operator_acts when it can't be started; retry when it was killed at the
/// deadline.
[[nodiscard]] Result<Outcome> run(Command command, Deadline deadline);

/// Takes the user's ids for good, supplementary groups first. Only in a fresh child.
[[nodiscard]] bool become(const OsUser& user) noexcept;

/// The exit code as a shell gives it.
[[nodiscard]] int exit_code_of(int wait_status) noexcept;

}  // namespace sluice::process
