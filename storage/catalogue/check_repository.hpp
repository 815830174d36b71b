#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"
#include "storage/volume/journal.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What check, scrub and rebuild ask of the catalogue, and the marks they leave. Roles: sluice_worker;
/// begin_rebuild and end_rebuild: sluice_super or the database's owner.
namespace sluice::catalogue {

/// Segments of one stream on one volume that began in `range`, oldest first.
[[nodiscard]] Result<std::vector<SegmentRow>>
load_segments_on_volume(Pool& pool, const Uuid& volume_id, const Uuid& stream_id, TimeRange range);
/// All finished segments of a volume that began in `range` behind `after`, by (from, id); at most `limit`.
[[nodiscard]] Result<std::vector<SegmentRow>> load_finished_on_volume(
    Pool& pool,
    const Uuid& volume_id,
    TimeRange range,
    UtcTime after_from,
    const Uuid& after_id,
    std::size_t limit
);
/// Bytes of a volume's finished segments and received files that began in `range`; of these streams, or of
/// all.
[[nodiscard]] Result<std::uint64_t> sum_finished_on_volume(
    Pool& pool,
    const Uuid& volume_id,
    TimeRange range,
    const std::optional<std::vector<Uuid>>& streams
);
/// Or received files.
[[nodiscard]] Result<bool> has_segments_on_volume(Pool& pool, const Uuid& volume_id, TimeRange range);
/// The run's segment of this number, in the day before `before`.
[[nodiscard]] Result<std::optional<SegmentRow>>
find_in_run(Pool& pool, const Uuid& stream_id, const Uuid& run_id, std::uint32_t sequence, UtcTime before);
/// First start and last end of any run or received file: where there can be footage. nullopt: none.
[[nodiscard]] Result<std::optional<TimeRange>> find_footage_span(Pool& pool);

/// For each line whether the catalogue holds what it says: its run, its gap, its event.
[[nodiscard]] Result<std::vector<bool>>
find_known_lines(Pool& pool, const Uuid& volume_id, std::span<const volume::JournalLine> lines);

/// Which bytes of a segment are damaged, and how that is known.
enum class DamageKind { box, content, index, lost };
[[nodiscard]] std::string_view to_string(DamageKind kind) noexcept;
struct Damage {
    std::uint64_t from = 0;  ///< [from, to) in the file
    std::uint64_t to = 0;
    DamageKind kind = DamageKind::content;
    friend bool operator==(const Damage&, const Damage&) = default;
};
/// Marks a finished row. What is marked already stays. Error: refuse, when there is no such finished row.
[[nodiscard]] Status
mark_damaged(Pool& pool, const Uuid& segment_id, UtcTime from, std::span<const Damage> damage);
/// By place in the file.
[[nodiscard]] Result<std::vector<Damage>> load_damage(Pool& pool, const Uuid& segment_id);

/// The copy of a suspect segment's readable part; `path` empty: nothing could be read, `problem` says why.
struct SegmentCopy {
    Uuid segment_id;
    UtcTime from;
    Uuid volume_id;
    std::filesystem::path path;  ///< relative to the volume
    std::uint64_t bytes = 0;
    std::optional<Sha256Digest> sha256;
    std::optional<UtcTime> to;  ///< wall end of the last fragment copied
    std::string problem;
};
[[nodiscard]] Status save_copy(Pool& pool, const SegmentCopy& copy);
[[nodiscard]] Result<std::optional<SegmentCopy>> find_copy(Pool& pool, const Uuid& segment_id);
/// Suspect rows on a volume that nobody has tried to copy yet, oldest first.
[[nodiscard]] Result<std::vector<SegmentRow>>
load_uncopied(Pool& pool, const Uuid& volume_id, TimeRange range, std::size_t limit);

struct ScrubCycle {
    Uuid volume_id;
    UtcTime began;
    std::optional<UtcTime> ended;
    UtcTime position_from;  ///< the last segment looked at
    Uuid position_id;
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
    std::uint64_t damaged = 0;
    std::optional<UtcTime> last_ended;
};
[[nodiscard]] Result<std::optional<ScrubCycle>> find_scrub_cycle(Pool& pool, const Uuid& volume_id);
[[nodiscard]] Status save_scrub_cycle(Pool& pool, const ScrubCycle& cycle);

/// Whether the catalogue was made again from files, and holds and tombstones were compared with a backup
/// since.
struct CatalogueState {
    bool is_confirmed = true;
    std::optional<UtcTime> rebuild_began;
    std::optional<UtcTime> rebuild_ended;
};
[[nodiscard]] Result<CatalogueState> load_catalogue_state(Pool& pool);
/// Makes the catalogue unconfirmed and allows a rebuild. Error: refuse (label "not_empty"), when it has
/// footage rows and no rebuild of it was begun; one that was begun goes on. The beginning has its record.
[[nodiscard]] Status begin_rebuild(Pool& pool, const ledger::Actor& actor, UtcTime now);
[[nodiscard]] Status end_rebuild(Pool& pool, UtcTime now);

}  // namespace sluice::catalogue
