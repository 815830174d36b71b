#include "cli/commands.hpp"
#include "config/base/lock_file.hpp"
#include "config/base/log.hpp"
#include "config/base/notify.hpp"
#include "config/load.hpp"
#include "jobs/controllers/watch.hpp"
#include "jobs/sequencer.hpp"
#include "jobs/worker.hpp"
#include "jobs/xvr/watch.hpp"
#include "storage/access/card.hpp"
#include "storage/catalogue/conninfo.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <sys/stat.h>

#include <fmt/core.h>
#include <pthread.h>

namespace sluice::cli {
namespace {

constexpr std::chrono::seconds kDeafLimit{3};
constexpr std::chrono::seconds kStopLimit{6};
constexpr std::chrono::seconds kSignLimit{4};

sigset_t watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

/// What tells of itself while we run.
struct Watches {
    xvr::Watch recorders;
    controllers::Watch controllers;

    void start() {
        recorders.start();
        controllers.start();
    }
    [[nodiscard]] bool stop(std::chrono::milliseconds limit) {
        const auto until = std::chrono::steady_clock::now() + limit;
        const bool has_heard = recorders.stop(limit);
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        return controllers.stop(std::max(left, limit / 3)) && has_heard;
    }
};

/// What may change: the recorders and door controllers that are followed, and the rules for flags.
void reload(const fs::path& config, Watches& watches) {
    config::Loaded loaded = config::load(config, config::Secrets::database_only);
    if (loaded.is_usable()) {
        watches.recorders.reload(std::move(loaded.config.recorders), std::move(loaded.config.flag_rules));
        watches.controllers.reload(std::move(loaded.config.access));
        return;
    }
    const auto first = std::ranges::find_if_not(loaded.problems, &config::Problem::is_warning);
    log::error(
        "config_refused",
        {{"error", first == loaded.problems.end() ? "unknown" : first->describe()},
         {"cure", "correct it and reload; the old one goes on"}}
    );
}

/// Until told to stop, or with --once until nothing is left.
void watch(
    const jobs::Worker& worker,
    Watches& watches,
    const fs::path& config,
    const sigset_t& signals,
    bool is_once
) {
    while (!(is_once && worker.is_done())) {
        notify("WATCHDOG=1");
        const timespec while_waiting{is_once ? 0 : 1, is_once ? 100'000'000 : 0};
        const int signal = sigtimedwait(&signals, nullptr, &while_waiting);
        if (signal == SIGTERM || signal == SIGINT) return;
        if (signal == SIGHUP && !is_once) reload(config, watches);
    }
}

}  // namespace

Status work(const fs::path& config, const WorkOptions& options) {
    auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    ::umask(0027);
    const sigset_t signals = watched_signals();
    pthread_sigmask(
        SIG_BLOCK, &signals, nullptr
    );  // inherited by every thread: signals come to watch() alone
    const auto lock = take_lock(loaded->data / "locks" / "worker.lock", "`sluice work`", loaded->data, 0640);
    if (!lock) return std::unexpected(lock.error());
    volume::RealFiles files;
    const RealClock clock;
    // Before the jobs and without them: what they do shall find the log open.
    jobs::Sequencer sequencer{
        {.conninfo = catalogue::conninfo_of(*loaded, "sluice_worker"),
         .data = loaded->data,
         .key_file = loaded->ledger.key_file},
        clock
    };
    const std::string conninfo = catalogue::conninfo_of(*loaded, "sluice_worker");
    Watches watches{
        .recorders{
            {.conninfo = conninfo, .recorders = loaded->recorders, .flag_rules = loaded->flag_rules}, clock
        },
        .controllers{
            {.conninfo = conninfo, .key_file = access::card_key_file(loaded->data), .access = loaded->access},
            clock
        },
    };
    jobs::WorkerSettings settings;
    settings.conninfo = conninfo;
    settings.config = std::move(*loaded);
    settings.config_file = config;
    settings.program = "/proc/self/exe";  // also after an upgrade has replaced the file
    settings.owner = jobs::make_owner(clock.now());
    settings.lease = options.lease;
    settings.is_once = options.is_once;
    jobs::Worker worker{std::move(settings), files, clock};
    sequencer.start();
    worker.start();
    if (!options.is_once) watches.start();
    log::info("worker_started", {{"lease_ms", options.lease.count()}, {"once", options.is_once}});
    notify("READY=1");
    watch(worker, watches, config, signals, options.is_once);
    notify("STOPPING=1");
    const bool has_heard = watches.stop(kDeafLimit);
    const bool has_stopped = worker.stop(kStopLimit);
    // Last: what the jobs have recorded is signed. Not held up by a lane that hangs.
    const bool is_signed = sequencer.stop(kSignLimit);
    if (!has_heard || !has_stopped || !is_signed) {
        log::warn(
            "worker_hangs",
            {{"remedy",
              "a disk, a recorder or a door controller does not answer; the lease of its job runs out by "
              "itself"}}
        );
        std::_Exit(0);  // nothing of a hanging lane is worth waiting for
    }
    log::info("worker_stopped");
    if (options.is_once && worker.failed() > 0)
        return failure(Remedy::operator_acts, fmt::format("{} jobs failed", worker.failed()));
    return {};
}

}  // namespace sluice::cli
