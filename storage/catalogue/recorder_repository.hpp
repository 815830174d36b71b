#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/volume/journal.hpp"

#include <span>

/// What the recorder writes. Each call is one transaction; every one is idempotent, because the recorder
/// repeats what it is not sure of (in_doubt). Role: sluice_recorder.
namespace sluice::catalogue {

struct Inventory {
    std::vector<VolumeRow> volumes;
    std::vector<RecorderRow> recorders;
    std::vector<CameraRow> cameras;
    std::vector<StreamRow> streams;
};

struct OpenSegment {
    SegmentRow row;
    mp4::VideoFormat format;
};

struct FinishedRow {
    SegmentRow row;
    mp4::VideoFormat format;
    Bytes index;  ///< encoded
};

/// Inserts or updates; cameras of the installation that are not named are marked retired at `now`.
[[nodiscard]] Status save_inventory(Pool& pool, const Inventory& inventory, UtcTime now);

/// Applies journal lines and moves the volume's stored position, in one transaction.
[[nodiscard]] Status apply_journal(
    Pool& pool,
    const Uuid& volume_id,
    std::span<const volume::JournalLine> lines,
    const volume::JournalPosition& next
);
[[nodiscard]] Result<volume::JournalPosition> load_journal_position(Pool& pool, const Uuid& volume_id);

/// One batch for all cameras after their syncs: moves durable_to and durable_bytes of rows that are there,
/// then (a transaction of its own) inserts the others as `open`. Never touches a row that is finished.
[[nodiscard]] Status save_open_segments(Pool& pool, std::span<const OpenSegment> segments);

/// Rows become (or are inserted as) finished, with their index. A run that is not there yet is made from the
/// segment.
[[nodiscard]] Status save_finished_segments(Pool& pool, std::span<const FinishedRow> segments);

/// A .part that was renamed .suspect: its row says so.
[[nodiscard]] Status mark_suspect(Pool& pool, const Uuid& segment_id, const std::filesystem::path& path);

struct KnownSegments {
    std::vector<Uuid> finished;
    std::vector<Uuid> tombstoned;
};
/// Which of these ids are finished rows or tombstones: adoption leaves those out.
[[nodiscard]] Result<KnownSegments> find_known_segments(Pool& pool, std::span<const Uuid> ids);

/// Partitions for every day up to `until`; through the owner's SECURITY DEFINER function.
[[nodiscard]] Status ensure_partitions(Pool& pool, UtcTime until);

}  // namespace sluice::catalogue
