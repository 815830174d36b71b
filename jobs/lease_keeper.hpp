#pragma once

#include "jobs/rules.hpp"
#include "storage/check/check.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace sluice::jobs {

/// Holds the lease of a running job: renews it from the job's own progress, so a job that is stuck loses it.
/// Thread: the job's.
class LeaseKeeper {
public:
    LeaseKeeper(
        catalogue::Pool& pool,
        Uuid job_id,
        std::string owner,
        std::chrono::milliseconds lease,
        std::stop_token stop
    );

    /// Called often. False: the job has to stop; `reason()` says why. A database that is away is no reason as
    /// long as the lease it gave last has not run out.
    [[nodiscard]] bool keep(const check::Progress& progress);
    [[nodiscard]] Stop reason() const noexcept { return reason_; }

private:
    using SteadyClock = std::chrono::steady_clock;
    bool end(Stop reason) noexcept;

    catalogue::Pool& pool_;
    Uuid job_id_;
    std::string owner_;
    std::chrono::milliseconds lease_;
    std::stop_token stop_;
    SteadyClock::time_point held_until_;  ///< by our clock, counted from before the renewal was asked for
    SteadyClock::time_point renew_at_;
    bool has_ended_ = false;
    Stop reason_ = Stop::failed;
};

/// What a kind of job is watched by: keeps the lease and the pace, and collects findings for the result.
class JobObserver final : public check::Observer {
public:
    /// At most `limit` findings are kept. A pace of 0 is none.
    JobObserver(LeaseKeeper& lease, std::uint64_t pace, std::size_t limit)
        : lease_(lease),
          pace_(pace),
          limit_(limit) {}

    [[nodiscard]] bool advance(const check::Progress& progress, std::uint64_t bytes_read) override;
    void found(const check::Finding& finding) override;
    [[nodiscard]] const std::vector<check::Finding>& findings() const noexcept { return findings_; }
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
    LeaseKeeper& lease_;
    std::uint64_t pace_;
    std::size_t limit_;
    std::uint64_t read_ = 0;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::vector<check::Finding> findings_;
    std::uint64_t left_out_ = 0;
};

}  // namespace sluice::jobs
