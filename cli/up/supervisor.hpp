#pragma once

#include "cli/process/spawn.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sluice::up {

/// A program that is kept running.
struct Service {
    std::string name;
    process::Command command;
    std::chrono::seconds stop_limit{15};  ///< from SIGTERM to SIGKILL
};

/// Keeps a list of programs alive: what ends is started again with back-off, what was started last is stopped
/// first. It is what systemd would be to them: READY=1 and WATCHDOG=1 are heard, orphans of theirs are
/// reaped. One thread, and the only user of SIGCHLD, SIGTERM, SIGINT and SIGHUP in the process.
class Supervisor {
public:
    /// Blocks those signals and becomes the reaper of orphans.
    [[nodiscard]] static Result<Supervisor> make();

    /// Error: operator_acts, when it can't be started at all (no such binary): then it is not in the list.
    [[nodiscard]] Status start(Service service);
    /// Serves events until `done()` holds (true), or the deadline passes or a stop is asked for (false).
    bool run_until(const std::function<bool()>& done, Deadline deadline);
    [[nodiscard]] bool is_ready(std::string_view name) const;  ///< READY=1 was heard from its present process
    [[nodiscard]] bool is_stop_asked() const noexcept { return is_stop_asked_; }
    /// SIGHUP to us is handed on to these services.
    void reload_with_hangup(std::vector<std::string> names) { hangup_receivers_ = std::move(names); }
    /// SIGTERM to each in reverse order of start, waiting for one before the next; SIGKILL after its limit.
    void stop_all();

private:
    struct Running {
        Service service;
        pid_t pid = -1;  ///< -1: waits for `start_again`
        Deadline started;
        Deadline start_again;
        unsigned failures = 0;
        bool is_ready = false;
        std::optional<Deadline> last_sign_of_life;  ///< set by its first WATCHDOG=1
    };

    Supervisor(UniqueFd signals, UniqueFd notifications, std::string notify_name);
    Status launch(Running& running);
    void wait_for_events(Deadline deadline);
    void read_signals();
    void hand_on_hangup() const;
    void read_notifications();
    void reap();
    void note_end(Running& running, int exit_code) const;
    void restart_due();
    void kill_silent() const;
    void stop(Running& running);
    [[nodiscard]] Running* find(pid_t pid);
    [[nodiscard]] const Running* find(std::string_view name) const;

    UniqueFd signals_;
    UniqueFd notifications_;
    std::string notify_name_;  ///< "@…", abstract
    std::vector<std::string> hangup_receivers_;
    std::vector<Running> services_;
    bool is_stop_asked_ = false;
    bool is_stopping_ = false;
};

}  // namespace sluice::up
