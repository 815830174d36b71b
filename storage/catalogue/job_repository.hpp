#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Jobs: filed by the API and the worker, run by whoever holds the lease. Leases are told by the database's
/// clock. Roles: sluice_api files, reads and cancels; sluice_worker does the rest.
namespace sluice::catalogue {

enum class JobKind {
    check,
    scrub,
    copy_suspect,
    purge,
    export_,    ///< "export" outside
    import_,    ///< "import" outside: a clip of the contractor becomes footage
    configure,  ///< what was accepted of the contractor's cameras becomes the recorder's configuration
};
[[nodiscard]] std::string_view to_string(JobKind kind) noexcept;
[[nodiscard]] std::optional<JobKind> job_kind_from(std::string_view word) noexcept;

enum class JobState { queued, running, done, failed, cancelled };
[[nodiscard]] std::string_view to_string(JobState state) noexcept;
/// Nothing happens to it any more.
[[nodiscard]] constexpr bool has_ended(JobState state) noexcept {
    return state != JobState::queued && state != JobState::running;
}

struct JobRow {
    Uuid id;
    JobKind kind = JobKind::check;
    std::string arguments;  ///< a JSON object
    JobState state = JobState::queued;
    std::string principal;
    UtcTime created;
    UtcTime not_before;
    std::optional<UtcTime> started;
    std::optional<UtcTime> finished;
    std::optional<UtcTime> cancel_asked;
    unsigned attempts = 0;
    std::string lease_owner;  ///< empty unless running
    std::optional<UtcTime> lease_until;
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;  ///< 0: not known
    std::string note;
    std::string result;  ///< JSON; empty: none
    std::string error;
    std::optional<Uuid> principal_id;  ///< nullopt: the worker itself
    std::string role;                  ///< in which the principal filed it; empty: the worker, or not known
};

struct NewJob {
    Uuid id;
    JobKind kind = JobKind::check;
    std::string arguments = "{}";  ///< a JSON object
    std::string same_work;         ///< jobs with the same text would do the same work
    std::optional<Uuid> principal_id;
    std::string principal;
    std::string role{};  ///< the principal's; empty: the worker's own
    /// What nobody asked for is not begun again on the day on which it failed for good.
    bool waits_after_failure = false;
};
/// Somebody's wish with its record. Null: the worker's own, which needs none.
using JobAct = std::optional<ledger::Act>;
/// False: the same work waits or runs already, or the id is there; nothing was filed.
[[nodiscard]] Result<bool> file_job(Pool& pool, const NewJob& job, const JobAct& act = std::nullopt);
[[nodiscard]] Result<std::optional<JobRow>> find_job(Pool& pool, const Uuid& id);
/// The job that waits or runs for the same work.
[[nodiscard]] Result<std::optional<JobRow>> find_same_work(Pool& pool, const std::string& same_work);

struct JobCursor {
    UtcTime created;
    Uuid id;
};
/// Newest first, at most `limit`, behind the cursor.
[[nodiscard]] Result<std::vector<JobRow>>
load_jobs(Pool& pool, std::optional<JobCursor> after, std::size_t limit);

/// What waits ends now, what runs at its worker's next word. False: it had ended, or there is none.
[[nodiscard]] Result<bool> cancel_job(Pool& pool, const Uuid& id, const JobAct& act = std::nullopt);

/// The next job of these kinds that waits, or whose worker's lease has run out; now it is `owner`'s.
[[nodiscard]] Result<std::optional<JobRow>> claim_job(
    Pool& pool,
    const std::string& owner,
    std::span<const JobKind> kinds,
    std::chrono::milliseconds lease
);

struct JobProgress {
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
    std::string note;
};
enum class Lease { held, held_cancel_asked, lost };
[[nodiscard]] Result<Lease> renew_lease(
    Pool& pool,
    const Uuid& id,
    const std::string& owner,
    std::chrono::milliseconds lease,
    const JobProgress& progress
);

struct JobOutcome {
    JobState state = JobState::done;           ///< queued: it is tried again
    std::chrono::milliseconds retry_after{0};  ///< when queued
    bool counts_attempt = true;                ///< false: handed back, through no fault of the job's
    std::string result{};                      ///< JSON; empty: none
    std::string error{};
};
/// Gives up the lease. False: somebody else has it by now, and nothing was written.
[[nodiscard]] Result<bool>
release_job(Pool& pool, const Uuid& id, const std::string& owner, const JobOutcome& outcome);

}  // namespace sluice::catalogue
