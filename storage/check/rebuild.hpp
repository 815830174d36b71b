#pragma once

#include "storage/catalogue/recorder_repository.hpp"
#include "storage/check/check.hpp"
#include "storage/ledger/act.hpp"
#include "storage/volume/installation.hpp"

#include <cstdint>
#include <vector>

/// An empty catalogue filled from files and journals: volumes, recorders, cameras, streams, runs, gaps,
/// segments with their indexes and formats, suspect files and their copies, the contractor's clips with their
/// received files. What only the database knew is not in it: tombstones, tokens, jobs.
namespace sluice::check {

struct RebuildSummary {
    std::uint64_t segments = 0;
    std::uint64_t clips = 0;  ///< of the contractor
    std::uint64_t suspects = 0;
    std::uint64_t copies = 0;
    std::uint64_t parts_left = 0;  ///< .part files: the recorder adopts them
    std::uint64_t journal_lines = 0;
    std::uint64_t torn_lines = 0;
    std::uint64_t cameras = 0;
    std::uint64_t bytes = 0;  ///< read for hashes; heads not counted
    Tally tally;              ///< files that could not be read, told to the observer
};

/// Begins or goes on with a rebuild; the catalogue is unconfirmed from its first row on. May be repeated
/// after an interruption, and the recorder may run again once it has begun: every write of both is
/// idempotent. The audit log says that it was begun, and by whom.
///
/// A segment's hash is the one that its successor in the run carries, so what rotted since is found by the
/// next check; only where there is no successor the file itself is hashed. Role: sluice_super or the
/// database's owner. Error: refuse (label "not_empty"), retry, cancelled, operator_acts.
[[nodiscard]] Result<RebuildSummary> rebuild(
    catalogue::Pool& pool,
    const FoundVolumes& volumes,
    const catalogue::Inventory& present,
    const Clock& clock,
    Observer& observer,
    const ledger::Actor& actor = ledger::system_actor("sluice")
);

}  // namespace sluice::check
