#include "jobs/worker.hpp"

#include "config/base/log.hpp"
#include "config/base/wait.hpp"
#include "jobs/access/keeper.hpp"
#include "jobs/contractor_keeper.hpp"
#include "jobs/duty_keeper.hpp"
#include "jobs/hold_keeper.hpp"
#include "jobs/hours.hpp"
#include "jobs/notice_keeper.hpp"
#include "jobs/power.hpp"
#include "jobs/release_keeper.hpp"

#include <array>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>
#include <pthread.h>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using catalogue::JobOutcome;
using catalogue::JobRow;
using catalogue::JobState;

constexpr auto kPoll = 500ms;
constexpr auto kFileEvery = 60s;
constexpr auto kFileSoon = 2s;
constexpr auto kNap = 50ms;
constexpr std::size_t kConnections =
    3;  // a lane's: its work, its lease, and a lock (purge, second copies); opened when needed
constexpr std::chrono::seconds kReleaseLimit{30};  // of trying to tell the outcome while the database is away

}  // namespace

std::string make_owner(UtcTime now) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    return fmt::format("{}/{}/{}", host.data(), ::getpid(), to_string(make_uuid_v7(now)));
}

/// One lane's life: ask, run, tell.
class Worker::LaneLoop {
public:
    LaneLoop(Worker& worker, const Lane& lane, std::stop_token stop)
        : worker_(worker),
          lane_(lane),
          stop_(std::move(stop)),
          pool_(worker.settings_.conninfo, kConnections),
          tools_{
              pool_,
              worker.settings_.config,
              worker.files_,
              worker.clock_,
              worker.settings_.config_file,
              worker.settings_.program
          } {}

    void run() {
        while (!stop_.stop_requested()) {
            // Asked before: what is filed after this lane has looked must not be left lying.
            const bool is_all_filed = worker_.has_filed_ || worker_.ended_ > 0;
            const auto found = next();
            if (!found) {
                note_failure(found.error());
                if (worker_.settings_.is_once && found.error().remedy() != Remedy::retry) return;
                wait_unless_stopped(stop_, database_delay(failures_));
                continue;
            }
            note_success();
            if (*found) {
                handle(**found);
                continue;
            }
            if (worker_.settings_.is_once && is_all_filed) return;
            wait_unless_stopped(stop_, kPoll);
        }
    }

private:
    Result<std::optional<JobRow>> next() {
        if (lane_.keeps_up) {
            if (auto done = upkeep_.tick(tools_, stop_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_holds) {
            if (auto done = hold_keeper_.tick(tools_, stop_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_notices) {
            if (auto done = notice_keeper_.tick(tools_, stop_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_access) {
            if (auto done = access_keeper_.tick(pool_, worker_.clock_, stop_); !done)
                return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_releases) {
            if (auto done = release_keeper_.tick(tools_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_contractor) {
            if (auto done = contractor_keeper_.tick(tools_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_duties) {
            if (auto done = duty_keeper_.tick(tools_, stop_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.keeps_power) {
            if (auto done = power_keeper_.tick(tools_); !done) return std::unexpected(done.error());
            return std::optional<JobRow>{};
        }
        if (lane_.files_jobs && SteadyClock::now() >= file_at_) {
            const auto filed = file_own_jobs(tools_);
            if (!filed) return std::unexpected(filed.error());
            file_at_ = SteadyClock::now() + (filed->has_uncatalogued ? kFileSoon : kFileEvery);
            worker_.has_filed_ = true;
            if (const auto hours = record_hours(pool_, worker_.clock_.now()); !hours)
                log_and_drop(
                    std::unexpected(hours.error()), "hours without a record are found again in a minute"
                );
        }
        return catalogue::claim_job(pool_, worker_.settings_.owner, lane_.kinds, worker_.settings_.lease);
    }

    void note_failure(const Error& error) {
        if (++failures_ == 1)
            log::warn("jobs_unreachable", {{"lane", lane_.name}, {"error", error.describe()}});
    }
    void note_success() {
        if (std::exchange(failures_, 0U) > 0) log::info("jobs_reachable", {{"lane", lane_.name}});
    }

    void handle(const JobRow& job) {
        log::info(
            "job_started",
            {{"job", to_string(job.id)},
             {"kind", to_string(job.kind)},
             {"attempt", job.attempts},
             {"principal", job.principal}}
        );
        const auto outcome = decide(job);
        if (!outcome) {
            log::warn("job_lease_lost", {{"job", to_string(job.id)}, {"kind", to_string(job.kind)}});
            return;
        }
        if (outcome->state == JobState::failed) ++worker_.failed_;
        release(job, *outcome);
    }

    /// Runs it, and says what its row shall say. nullopt: nothing, it is somebody else's by now.
    std::optional<JobOutcome> decide(const JobRow& job) {
        JobOutcome outcome;
        switch (judge_claimed(job)) {
            case Verdict::cancel:
                outcome.state = JobState::cancelled;
                return outcome;
            case Verdict::give_up:
                outcome.state = JobState::failed;
                outcome.error = fmt::format("{} workers began it and none ended it", job.attempts - 1);
                return outcome;
            case Verdict::run:
                break;
        }
        LeaseKeeper lease{pool_, job.id, worker_.settings_.owner, worker_.settings_.lease, stop_};
        auto result = run_guarded(job, lease);
        if (result) {
            outcome.result = std::move(*result);
            return outcome;
        }
        const Stop stop = result.error().remedy() == Remedy::cancelled ? lease.reason() : Stop::failed;
        return after_stop(stop, result.error(), job);
    }

    /// The border at which an exception of a kind becomes a failure of its job.
    Result<std::string> run_guarded(const JobRow& job, LeaseKeeper& lease) {
        try {
            return run_job(job, tools_, lease);
        } catch (const std::exception& error) {
            return failure(Remedy::operator_acts, std::string{"internal error: "} + error.what());
        }
    }

    /// Told again until the database takes it, the lease has run out, or we have to go.
    void release(const JobRow& job, const JobOutcome& outcome) {
        const auto until = SteadyClock::now() + kReleaseLimit;
        for (unsigned failures = 1;; ++failures) {
            const auto released = catalogue::release_job(pool_, job.id, worker_.settings_.owner, outcome);
            if (released) {
                log::info(
                    *released ? "job_ended" : "job_lease_lost",
                    {{"job", to_string(job.id)},
                     {"kind", to_string(job.kind)},
                     {"state", to_string(outcome.state)},
                     {"error", outcome.error}}
                );
                return;
            }
            if (stop_.stop_requested() || SteadyClock::now() >= until) {
                log_and_drop(
                    std::unexpected(released.error()), "the lease runs out, and the job is run again"
                );
                return;
            }
            wait_unless_stopped(stop_, database_delay(failures));
        }
    }

    Worker& worker_;
    const Lane& lane_;
    std::stop_token stop_;
    catalogue::Pool pool_;
    Tools tools_;
    Upkeep upkeep_;
    HoldKeeper hold_keeper_;
    NoticeKeeper notice_keeper_;
    ReleaseKeeper release_keeper_;
    ContractorKeeper contractor_keeper_;
    DutyKeeper duty_keeper_;
    PowerKeeper power_keeper_;
    AccessKeeper access_keeper_{worker_.settings_.config.contacts};
    unsigned failures_ = 0;
    SteadyClock::time_point file_at_ = SteadyClock::now();
};

Worker::Worker(WorkerSettings settings, volume::DurableFiles& files, const Clock& clock)
    : settings_(std::move(settings)),
      files_(files),
      clock_(clock),
      lanes_{
          {.name = "jobs",
           .kinds = {catalogue::JobKind::check, catalogue::JobKind::copy_suspect},
           .files_jobs = true},
          {.name = "scrub", .kinds = {catalogue::JobKind::scrub}},
          {.name = "purge", .kinds = {catalogue::JobKind::purge}},
          {.name = "export", .kinds = {catalogue::JobKind::export_}},
          {.name = "import", .kinds = {catalogue::JobKind::import_, catalogue::JobKind::configure}},
          {.name = "room", .kinds = {}, .keeps_up = true},
          {.name = "holds", .kinds = {}, .keeps_holds = true},
          {.name = "notices", .kinds = {}, .keeps_notices = true},
          {.name = "release", .kinds = {}, .keeps_releases = true},
          {.name = "contractor", .kinds = {}, .keeps_contractor = true},
          {.name = "duties", .kinds = {}, .keeps_duties = true},
          {.name = "power", .kinds = {}, .keeps_power = true},
          {.name = "access", .kinds = {}, .keeps_access = true},
      } {}

Worker::~Worker() = default;

void Worker::start() {
    for (const Lane& lane : lanes_)
        threads_.emplace_back([this, &lane](const std::stop_token& stop) { run_lane(stop, lane); });
}

void Worker::run_lane(const std::stop_token& stop, const Lane& lane) {
    ::pthread_setname_np(::pthread_self(), lane.name.c_str());
    LaneLoop{*this, lane, stop}.run();
    ++ended_;
}

bool Worker::stop(std::chrono::milliseconds limit) {
    for (std::jthread& thread : threads_)
        thread.request_stop();
    const auto until = SteadyClock::now() + limit;
    while (!is_done() && SteadyClock::now() < until)
        std::this_thread::sleep_for(kNap);
    if (!is_done()) return false;
    threads_.clear();
    return true;
}

}  // namespace sluice::jobs
