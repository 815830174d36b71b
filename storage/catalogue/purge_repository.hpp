#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Destruction as rows: runs, marks, tombstones, certificates. Role: sluice_worker; reading also sluice_api.
namespace sluice::catalogue {

/// Of footage that came from outside: when, and what the whole clip shows.
struct ClipReceipt {
    UtcTime received;
    TimeRange clip;
    bool is_original = false;  ///< the candidate is the received file
};

/// A segment, or a received file, as the rules and the unlinking see it.
struct PurgeCandidate {
    Uuid id;
    Uuid stream_id;
    Uuid camera_id;
    Uuid volume_id;
    SegmentState state = SegmentState::finished;
    std::filesystem::path path;       ///< relative to its volume
    std::filesystem::path copy_path;  ///< of a suspect file's copy; empty: none
    TimeRange range;
    std::uint64_t bytes = 0;
    std::string rule;  ///< of marked ones
    std::optional<ClipReceipt> receipt{};
};

/// A hold that is in force, as the rules need it.
struct ActiveHold {
    Uuid id;
    std::vector<Uuid> cameras;
    TimeRange range;
    bool passes_ceiling = false;
};

enum class PurgeKind { rules, space };
[[nodiscard]] std::string_view to_string(PurgeKind kind) noexcept;
enum class PurgeState { planned, running, verified, certified, aborted };
[[nodiscard]] std::string_view to_string(PurgeState state) noexcept;

struct PurgeRunRow {
    Uuid id;
    PurgeKind kind = PurgeKind::rules;
    PurgeState state = PurgeState::planned;
    std::optional<Uuid> principal_id;
    std::string principal;
    int policy_version = 1;
    UtcTime planned;
    std::optional<UtcTime> started;
    std::optional<UtcTime> ended;
    std::uint64_t planned_segments = 0;
    std::uint64_t planned_bytes = 0;
    std::uint64_t destroyed_segments = 0;
    std::uint64_t destroyed_bytes = 0;
    std::uint64_t missing_files = 0;
    std::uint64_t kept_segments = 0;
    std::string error;
};

/// Runs `use` while nobody else, on any machine, purges this database. Takes a connection of the pool for as
/// long, so that needs two. Error: refuse with label "PURGE_RUNNING".
[[nodiscard]] Status with_purge_lock(Pool& pool, const std::function<Status()>& use);

/// What a purge has to know before it begins.
struct PurgeFacts {
    bool is_confirmed = false;
    std::optional<UtcTime> newest_record;      ///< of the audit log
    std::optional<UtcTime> newest_footage;     ///< end of the newest finished segment
    std::optional<UtcTime> last_synchronised;  ///< when the host's clock was last known to be
    Microseconds footage{0};                   ///< all that is held, in time
    int schema = 0;                            ///< version of the database
};
[[nodiscard]] Result<PurgeFacts> load_purge_facts(Pool& pool, const Uuid& installation_id);
/// The host's clock is synchronised now.
[[nodiscard]] Status save_clock_sighting(Pool& pool, const Uuid& installation_id, UtcTime now);

/// When the oldest segment began. Reads every row's start: once a purge, not once a day of it.
[[nodiscard]] Result<std::optional<UtcTime>> find_oldest_segment(Pool& pool);
[[nodiscard]] Result<std::vector<ActiveHold>> load_active_holds(Pool& pool, UtcTime now);
/// Unmarked segments that began in `began`, a day at most, by time; nullopt: of all volumes.
[[nodiscard]] Result<std::vector<PurgeCandidate>>
load_purge_candidates(Pool& pool, TimeRange began, std::optional<Uuid> volume_id);

[[nodiscard]] Status save_purge_run(Pool& pool, const PurgeRunRow& row);
/// Also writes `act` into the audit log, in the same transaction.
[[nodiscard]] Status move_purge_run(
    Pool& pool,
    const Uuid& id,
    PurgeState to,
    UtcTime now,
    const std::string& error,
    const ledger::Act* act
);
[[nodiscard]] Result<std::optional<PurgeRunRow>> find_purge_run(Pool& pool, const Uuid& id);
/// Those that neither ended nor will: their program died. Oldest first.
[[nodiscard]] Result<std::vector<PurgeRunRow>> load_unfinished_purge_runs(Pool& pool);
struct PurgeRunCursor {
    UtcTime planned;
    Uuid id;
};
/// Newest first.
[[nodiscard]] Result<std::vector<PurgeRunRow>>
load_purge_runs(Pool& pool, std::optional<PurgeRunCursor> after, std::size_t limit);

struct Batch {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
    Sha256Digest digest{};       ///< over the ids, in their order
    std::optional<Uuid> record;  ///< of the audit log
};
/// What is looked at in one go.
struct MarkScope {
    TimeRange began;                ///< a day of footage at most
    std::optional<Uuid> volume_id;  ///< nullopt: all volumes
    UtcTime now;                    ///< for which holds are in force
};
/// For each candidate the rule by which it goes, or nothing.
using Judge = std::function<
    std::vector<std::optional<std::string>>(std::span<const PurgeCandidate>, std::span<const ActiveHold>)>;
/// Judges what `load_purge_candidates` gives, with the holds read in the same transaction, and marks what
/// goes. The batch's act is in the audit log when it is committed. Nothing to mark: an empty batch, and no
/// act.
[[nodiscard]] Result<Batch> mark_batch(
    Pool& pool,
    const Uuid& run_id,
    const MarkScope& scope,
    const Judge& judge,
    const std::function<ledger::Act(const Batch&)>& make_act
);

/// By volume and path, so that neighbours lie in one folder.
[[nodiscard]] Result<std::vector<PurgeCandidate>>
load_marked(Pool& pool, const Uuid& run_id, const std::vector<Uuid>& without, std::size_t limit);

struct Unlinked {
    std::vector<Uuid> gone;     ///< their names are durably away
    std::uint64_t missing = 0;  ///< of these: had no file before
};
struct Destroyed {
    std::uint64_t segments = 0;
    std::uint64_t kept = 0;  ///< a hold was placed since they were marked
};
/// Of footage that does not go any more.
struct Gone {
    std::vector<Uuid> gone;    ///< has no file, durably: an earlier attempt had unlinked it
    std::vector<Uuid> unsure;  ///< can't be looked at now: stays marked
};
/// What whoever destroys knows of rules and disks.
struct DestroySteps {
    /// Which of them still go.
    std::function<std::vector<bool>(std::span<const PurgeCandidate>, std::span<const ActiveHold>)> is_due;
    std::function<Unlinked(std::span<const PurgeCandidate>)> unlink;
    std::function<Gone(std::span<const PurgeCandidate>)> find_gone;
    /// About what find_gone has found, for the audit log.
    std::function<ledger::Act(const Batch&)> make_act;
};
/// One transaction: holds are read under the lock that placing one waits for; what they touch is unmarked;
/// `unlink` gets the rest and says what is gone; that becomes tombstones. So a hold finds a segment whole, or
/// finds its tombstone. Where a hold came after an attempt that died between the two, nothing is left to
/// keep: the destruction is finished, with an incident that names the segments and an act.
[[nodiscard]] Result<Destroyed> destroy_batch(
    Pool& pool,
    const Uuid& run_id,
    std::span<const PurgeCandidate> marked,
    UtcTime now,
    const DestroySteps& steps
);
/// What is still marked can't be destroyed now: the next run looks at it again.
[[nodiscard]] Status unmark_rest(Pool& pool, const Uuid& run_id);

struct Tombstone {
    Uuid segment_id;
    Uuid stream_id;
    TimeRange range;
    std::uint64_t bytes = 0;
    std::optional<Sha256Digest> sha256;
    std::string rule;
    Uuid volume_id;
    std::filesystem::path path;
};
/// Of a run, by segment id, behind `after`.
[[nodiscard]] Result<std::vector<Tombstone>>
load_tombstones(Pool& pool, const Uuid& run_id, const Uuid& after, std::size_t limit);

/// A stretch of destroyed footage; its certificate has the run's id.
struct DestroyedRow {
    Uuid stream_id;
    Uuid run_id;
    std::string rule;
    TimeRange range;
    std::optional<UtcTime> certified;
};
/// Of one stream, or of every stream of a kind when `stream_id` is nullopt: those that overlap, by stream and
/// time.
[[nodiscard]] Result<std::vector<DestroyedRow>>
load_destroyed(Pool& pool, std::optional<Uuid> stream_id, StreamKind kind, TimeRange range);
[[nodiscard]] Result<std::vector<DestroyedRow>> load_destroyed_by_run(Pool& pool, const Uuid& run_id);
/// UTC days ("2026-11-23") of which a volume's footage has been destroyed, in part at least.
[[nodiscard]] Result<std::vector<std::string>> load_destroyed_days(Pool& pool);

/// A received file that was destroyed with the segments made of it.
struct DestroyedOriginal {
    Uuid id;
    std::string camera;  ///< slug
    std::string name;    ///< at the contractor's
    Sha256Digest sha256{};
    std::uint64_t bytes = 0;
};
[[nodiscard]] Result<std::vector<DestroyedOriginal>> load_destroyed_originals(Pool& pool, const Uuid& run_id);

struct Certificate {
    Uuid id;  ///< of its run; one of a hold's copies has its own
    UtcTime issued;
    std::string body;  ///< JSON, as it was hashed into the audit log
};
/// The run's last step: certificate, state and act in one transaction.
[[nodiscard]] Status save_certificate(
    Pool& pool,
    const Certificate& certificate,
    const std::string& error,
    const ledger::Act& act
);
/// Of a run, or of the second copies of a hold.
[[nodiscard]] Result<std::optional<Certificate>> find_certificate(Pool& pool, const Uuid& id);

/// After a comparison with what else is known; the act in the same transaction. False: there was no doubt.
[[nodiscard]] Result<bool> confirm_catalogue(Pool& pool, const ledger::Act& act, UtcTime now);

}  // namespace sluice::catalogue
