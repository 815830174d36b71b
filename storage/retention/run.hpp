#pragma once

#include "config/policy/history.hpp"
#include "storage/retention/destroyer.hpp"
#include "storage/retention/guards.hpp"
#include "storage/retention/plan.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// A purge from plan to certificate. Restartable at any point: what a dead program has marked is finished
/// first.
namespace sluice::retention {

/// What a purge works on and with; all of it outlives the purge. The pool needs two connections.
struct Site {
    catalogue::Pool& pool;
    volume::DurableFiles& files;
    const Clock& clock;
    Uuid installation_id;
    std::vector<PurgeVolume> volumes;       ///< configured ones with an identity
    std::filesystem::path recorder_status;  ///< tells whether the recorder lives
    /// Returns when the record is in a signed checkpoint, or with label LEDGER_UNAVAILABLE.
    std::function<Status(const Uuid& record_id)> wait_signed;
};

struct PurgeProgress {
    std::uint64_t done_segments = 0;
    std::uint64_t total_segments = 0;
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
    std::string place;  ///< in words
};
/// After each few files, and while planning; may wait, to keep a pace. False: stop; what is marked is
/// finished by the next purge.
using Advance = std::function<bool(const PurgeProgress&)>;

struct PurgeRequest {
    bool is_dry_run = false;
    Consent consent{};
    std::optional<Uuid> principal_id{};  ///< nullopt: cron, the worker
    std::string principal;
    std::string role = "system";
};

struct Tally {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
};
/// What a plan would destroy, and what it leaves and why.
struct PlanSummary {
    UtcTime as_of;
    int policy_version = 0;
    std::map<Rule, Tally> destroyed;
    std::map<Rule, Tally> kept;
    std::map<Uuid, Tally> by_camera;  ///< of what is destroyed
    Microseconds footage{0};          ///< that is destroyed, in time
    [[nodiscard]] Tally total() const noexcept;
};

struct PurgeReport {
    PlanSummary plan;
    std::vector<Refusal> refusals;  ///< not empty: nothing was done
    std::optional<catalogue::PurgeRunRow>
        run;                          ///< as it ended; nullopt: nothing was due, dry run, or refused
    std::vector<Uuid> finished;       ///< runs of dead programs that were ended first
    std::uint64_t removed_again = 0;  ///< files of destroyed segments that had come back
};

/// Refusals are part of the report, and an act of the audit log each time. Error: refuse with label
/// PURGE_RUNNING; cancelled (`advance` said stop), retry (database), operator_acts.
[[nodiscard]] Result<PurgeReport>
run_purge(const Site& site, const PurgeRequest& request, const Advance& advance);

/// Plan and nothing else.
[[nodiscard]] Result<PlanSummary>
plan_purge(const Site& site, const policy::History& history, UtcTime now, const Advance& advance);

/// As one JSON object: dry run and job result alike.
[[nodiscard]] std::string to_json(const PurgeReport& report);

/// What stands against a purge now, but for the plan's size: of the catalogue, the clocks, the audit log and
/// the volumes. Pre: the history is not empty.
[[nodiscard]] Result<std::vector<Refusal>>
find_obstacles(const Site& site, const policy::History& history, const Consent& consent);

}  // namespace sluice::retention
