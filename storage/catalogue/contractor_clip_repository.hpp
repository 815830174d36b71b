#pragma once

#include "config/base/bytes.hpp"
#include "storage/catalogue/job_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Clips that the contractor hands over: announced and received by the service, imported or refused by the
/// worker. No role changes a clip's row but through the owner's functions, each a step of its life.
namespace sluice::catalogue {

enum class ClipState : std::uint8_t {
    receiving,
    received,     ///< all of it is durable, and in custody; an import job waits or runs
    imported,     ///< the file lies beside its segments; gone when retention has ended it
    quarantined,  ///< refused after it had come
    abandoned,    ///< never came to its end
};
[[nodiscard]] std::string_view to_string(ClipState state) noexcept;
[[nodiscard]] std::optional<ClipState> clip_state_from(std::string_view word) noexcept;

struct ContractorClip {
    Uuid id;
    Uuid principal_id;
    std::string client_id;
    Uuid camera_id;           ///< of contractor_cameras
    std::string camera_slug;  ///< filled by reads
    std::string name;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    TimeRange said;               ///< by the contractor's clock
    Microseconds clock_offset{};  ///< its clock minus real time
    TimeRange range;              ///< in real time
    ClipState state = ClipState::receiving;
    std::uint64_t received_bytes = 0;
    UtcTime announced;
    UtcTime changed;
    std::optional<UtcTime> received;
    std::optional<UtcTime> ended;
    std::string reason_code;
    std::string reason;
    std::optional<bool> is_playable;
    std::string media;           ///< JSON; empty: not known yet
    bool is_held = false;        ///< filled by reads: its original is on a volume
    std::string damage;          ///< filled by reads: "content" or "lost", when its original is not what came
    std::uint64_t segments = 0;  ///< filled by reads

    /// The same wish, whoever sends it again.
    [[nodiscard]] bool is_same_manifest(const ContractorClip& other) const noexcept {
        return camera_id == other.camera_id && bytes == other.bytes && sha256 == other.sha256 &&
               said == other.said && clock_offset == other.clock_offset;
    }
};

/// Clips under way of all machines together are bounded by `spool_bytes`.
enum class Admission : std::uint8_t { is_new, known_id, known_content, spool_full };
struct Admitted {
    Admission how = Admission::is_new;
    std::string client_id;  ///< known_content: under which id it came before
};
[[nodiscard]] Result<Admitted>
announce_clip(Pool& pool, const ContractorClip& clip, std::uint64_t spool_bytes);
[[nodiscard]] Result<std::optional<ContractorClip>>
find_contractor_clip(Pool& pool, const Uuid& principal_id, const std::string& client_id);
[[nodiscard]] Result<std::optional<ContractorClip>> get_contractor_clip(Pool& pool, const Uuid& id);

struct ClipCursor {
    UtcTime announced;
    Uuid id;
};
struct ClipFilter {
    std::optional<Uuid> principal_id{};
    std::optional<ClipState> state{};
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<ContractorClip>> load_contractor_clips(
    Pool& pool,
    const ClipFilter& filter,
    const std::optional<ClipCursor>& after,
    std::size_t limit
);

/// Bytes [began, upto) are durable in the spool. The last part is the receipt: with its record and the import
/// job. False: another part came first.
struct ReceivedPart {
    Uuid clip_id;
    std::uint64_t began = 0;
    std::uint64_t upto = 0;
    UtcTime now;
};
[[nodiscard]] Result<bool>
save_part(Pool& pool, const ReceivedPart& part, const ledger::Act* receipt, const NewJob* job);

/// Clips whose bytes need not be in the spool any more, of which some may still be.
[[nodiscard]] Result<std::vector<Uuid>> load_clips_to_free(Pool& pool, std::size_t limit);
[[nodiscard]] Status free_clip(Pool& pool, const Uuid& id, UtcTime now);
/// Uploads of which nothing has come since `untouched_since`: abandoned, each with its record.
[[nodiscard]] Result<std::size_t> abandon_clips(Pool& pool, UtcTime untouched_since, UtcTime now);

// ---- the worker's part

/// Received, and no job waits or runs for it.
[[nodiscard]] Result<std::vector<Uuid>> load_clips_without_job(Pool& pool, std::size_t limit);
/// What an import needs to know of the camera as the recorder knows it.
struct ImportTarget {
    Uuid installation_id;
    Uuid recorder_id;
    Uuid camera_id;
    Uuid stream_id;
    std::string camera_slug;
    std::string camera_name;
};
/// nullopt: the recorder has not named the camera yet.
[[nodiscard]] Result<std::optional<ImportTarget>> find_import_target(Pool& pool, const std::string& slug);

/// Whose clip it is, in words: they stand in its receipt.
struct ClipOrigin {
    std::string machine;  ///< the account's name
    std::string camera_name;
    std::string camera_place;
    UtcTime camera_announced;
};
/// Pre: the clip has a row.
[[nodiscard]] Result<ClipOrigin> get_clip_origin(Pool& pool, const Uuid& clip_id);

struct ImportedRun {
    Uuid id;
    TimeRange range;
    double fps = 0;
};
struct Import {
    Uuid clip_id;
    Uuid stream_id;
    Uuid volume_id;
    std::filesystem::path original;  ///< relative to the volume
    bool is_playable = false;
    std::string reason_code{};  ///< why it can't be played
    std::string reason{};
    std::string media = "{}";  ///< JSON
    std::vector<ImportedRun> runs{};
    std::vector<FinishedRow> segments{};
    UtcTime now;
};
/// All of it in one transaction with its record, or nothing.
[[nodiscard]] Status save_import(Pool& pool, const Import& import, const ledger::Act& act);

/// For a catalogue that is made again from files: a clip as its receipt tells it, with its machine account
/// (over at `now`; it has no credential) and its camera (a proposal, which the contractor announces anew), if
/// they are not known. False: the clip has a row already. Role: sluice_super or the database's owner.
struct RestoredClip {
    ContractorClip clip;
    ClipOrigin origin;
    bool has_original = false;  ///< the received file is there
};
[[nodiscard]] Result<bool>
restore_import(Pool& pool, const RestoredClip& restored, const Import& import, UtcTime now);

struct Quarantine {
    Uuid clip_id;
    Uuid volume_id;
    std::filesystem::path path;
    std::string reason_code;
    std::string reason;
    UtcTime now;
};
/// With its record, and a notice to the secretariat.
[[nodiscard]] Status save_quarantine(Pool& pool, const Quarantine& quarantine, const ledger::Act& act);

struct QuarantinedClip {
    Uuid clip_id;
    Uuid volume_id;
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    UtcTime since;
};
/// What is still there, oldest first.
[[nodiscard]] Result<std::vector<QuarantinedClip>> load_quarantine(Pool& pool);
[[nodiscard]] Status save_quarantine_removal(
    Pool& pool,
    const Uuid& clip_id,
    const std::string& rule,
    const ledger::Act& act,
    UtcTime now
);

}  // namespace sluice::catalogue
