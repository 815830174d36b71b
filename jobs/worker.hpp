#pragma once

#include "config/base/guarded.hpp"
#include "config/config.hpp"
#include "jobs/kinds.hpp"
#include "jobs/upkeep.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace sluice::jobs {

struct WorkerSettings {
    std::string conninfo;
    config::Config config;
    std::filesystem::path config_file{};  ///< where it was read; empty: nobody changes it
    std::filesystem::path program{};      ///< as in Tools
    std::string
        owner;  ///< names this process in leases: host and pid, and something that no later process has
    std::chrono::milliseconds lease{30'000};
    /// True: end when nothing is left that could be done now.
    bool is_once = false;
};

/// A name for leases that no other process has had.
[[nodiscard]] std::string make_owner(UtcTime now);

/// Takes jobs and runs them. Lanes, a thread each, so that a scrub of days holds nobody up. Survives the
/// loss of the database: it asks again with back-off. Thread: start and stop from one.
class Worker {
public:
    Worker(WorkerSettings settings, volume::DurableFiles& files, const Clock& clock);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// What runs is handed back: another worker goes on with it at once. False: a lane hangs in a disk for
    /// longer than the limit; its lease will run out.
    [[nodiscard]] bool stop(std::chrono::milliseconds limit);
    /// With `is_once`: every lane has ended by itself.
    [[nodiscard]] bool is_done() const noexcept { return ended_ == lanes_.size(); }
    /// Jobs that ended failed since the start.
    [[nodiscard]] unsigned failed() const noexcept { return failed_; }

private:
    struct Lane {
        std::string name;
        std::vector<catalogue::JobKind> kinds;
        bool files_jobs = false;        ///< also gives the worker its own jobs
        bool keeps_up = false;          ///< takes no jobs, but looks after the disks
        bool keeps_holds = false;       ///< likewise after holds
        bool keeps_notices = false;     ///< likewise after notices
        bool keeps_releases = false;    ///< likewise after sessions, copies and packages
        bool keeps_contractor = false;  ///< likewise after the contractor's findings and refused clips
        bool keeps_duties = false;      ///< likewise after incidents, inspections and duties
        bool keeps_power = false;       ///< likewise after what UPS say
        bool keeps_access = false;      ///< likewise after events at the doors
    };
    class LaneLoop;
    void run_lane(const std::stop_token& stop, const Lane& lane);

    WorkerSettings settings_;
    volume::DurableFiles& files_;
    const Clock& clock_;
    std::vector<Lane> lanes_;
    std::atomic<bool> has_filed_ = false;  ///< the worker's own jobs, at least once
    std::atomic<std::size_t> ended_ = 0;
    std::atomic<unsigned> failed_ = 0;
    std::vector<std::jthread> threads_;  // last: they use the members above
};

}  // namespace sluice::jobs
