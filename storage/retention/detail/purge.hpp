#pragma once

#include "storage/retention/run.hpp"

/// The steps that a purge by rules and one for room share.
namespace sluice::retention::detail {

[[nodiscard]] SegmentFacts facts_of(const catalogue::PurgeCandidate& candidate);
[[nodiscard]] Holds to_holds(std::span<const catalogue::ActiveHold> holds);
/// Whether a marked segment still goes by the rule it was marked for.
[[nodiscard]] bool is_still_due(
    const catalogue::PurgeCandidate& marked,
    const Holds& holds,
    const policy::History& history,
    UtcTime now
);

/// UTC days from the first footage to the day of `last`, oldest first.
[[nodiscard]] Result<std::vector<TimeRange>> load_days(catalogue::Pool& pool, UtcTime last);

[[nodiscard]] ledger::Act make_act(
    const PurgeRequest& request,
    std::string action,
    const Uuid& run_id,
    std::string facts,
    int policy_version
);

/// Destroys what a run has marked, in small pieces, and pauses between them so that the recorder's syncs come
/// through. What can't be destroyed is unmarked, unless its file may be gone already; its first error comes
/// back in `trouble`. Error: cancelled, retry.
[[nodiscard]] Status destroy_marked(
    const Site& site,
    const policy::History& history,
    const catalogue::PurgeRunRow& run,
    PurgeProgress& progress,
    const Advance& advance,
    std::optional<Error>& trouble
);

/// running → verified → certified: every file of the run is looked for once more, then the certificate is
/// made. A run that has destroyed nothing is aborted with `trouble`, or with "nothing was left to destroy".
/// One that still has marks stays as it is, for the next purge.
[[nodiscard]] Result<catalogue::PurgeRunRow> end_run(
    const Site& site,
    const PurgeRequest& request,
    const Uuid& run_id,
    const std::optional<Error>& trouble
);

/// Ends the runs that a dead program left. The ids of those that it ended.
[[nodiscard]] Result<std::vector<Uuid>> finish_old_runs(
    const Site& site,
    const policy::History& history,
    const PurgeRequest& request,
    const Advance& advance
);

}  // namespace sluice::retention::detail
