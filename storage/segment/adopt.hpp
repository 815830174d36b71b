#pragma once

#include "storage/segment/writer.hpp"

#include <filesystem>
#include <vector>

/// Orphans: files that a crash left behind. They are finished and catalogued, never unlinked (I12).
namespace sluice::segment {

struct Orphan {
    std::filesystem::path path;  ///< relative to the volume
    Uuid segment_id;             ///< from the name
    bool is_part = false;        ///< .part: to be cut and renamed; else finished but perhaps not catalogued
};

/// Files below live/ in day folders named `first_day` ("2026-11-23") or later; .suspect files are left out.
/// Error: operator_acts.
[[nodiscard]] Result<std::vector<Orphan>>
find_files(const std::filesystem::path& root, const std::string& first_day);

/// Files of one stream in one day's folder ("2026-11-23"), by time; none when there is no such folder. Error:
/// operator_acts.
[[nodiscard]] Result<std::vector<Orphan>> find_stream_files(
    const std::filesystem::path& root,
    const std::string& day,
    const std::string& camera_slug,
    StreamKind stream
);

/// Cuts a .part after its last whole fragment, syncs, renames, syncs the folder; reads a finished file's
/// facts and hash. A .part without one whole fragment holds no footage: it is renamed to .empty and gives
/// nullopt-like abandon_file with label "empty". Error: abandon_file (unreadable: left as it is, renamed
/// .suspect), stop_volume.
[[nodiscard]] Result<FinishedSegment>
adopt(volume::DurableFiles& files, const std::filesystem::path& root, const Orphan& orphan);

/// Wall end of the newest footage of a stream on a volume, read from its newest file (finished or .part);
/// nullopt: none.
[[nodiscard]] Result<std::optional<UtcTime>>
find_last_end(const std::filesystem::path& root, const std::string& camera_slug, StreamKind stream);

}  // namespace sluice::segment
