#pragma once

#include "storage/catalogue/original_repository.hpp"
#include "storage/check/finding.hpp"

#include <chrono>
#include <span>
#include <string>
#include <vector>

/// Comparison of one folder's listing with the rows that should stand for it. Pure: no disk, no database, no
/// clock.
namespace sluice::check {

enum class FileKind { finished, part, suspect, empty, original, receipt, unknown };

struct FileEntry {
    std::string path;  ///< relative to the volume
    FileKind kind = FileKind::unknown;
    Uuid segment_id;               ///< from the name, of a received file its clip's; nil for an unknown one
    std::optional<UtcTime> began;  ///< from the name, cut to the second
    std::optional<std::uint64_t> bytes;  ///< when sizes were asked for
    std::optional<UtcTime> touched;  ///< last write; known for .part, and for whatever sizes were asked for
};

/// Kind, id and time of "…/20261123T101500Z_0192….mp4[.part|.suspect|.empty]" or
/// "….{original,receipt}[.part]".
[[nodiscard]] FileEntry to_entry(const std::string& path);

/// A .part without a write for so long is nobody's: a living one gets its fragments every second.
inline constexpr std::chrono::minutes kPartIdle{5};

/// A folder of segments. Findings in the order of paths. Some may be the world's motion between listing and
/// query (a file renamed, a row on its way): the caller looks at those again before it believes them.
[[nodiscard]] std::vector<Finding> compare_folder(
    std::span<const FileEntry> files,
    std::span<const catalogue::SegmentRow> rows,
    Depth depth,
    UtcTime now
);

/// A folder of received files, each with its receipt beside it. As above.
[[nodiscard]] std::vector<Finding> compare_originals(
    std::span<const FileEntry> files,
    std::span<const catalogue::OriginalRow> rows,
    Depth depth,
    UtcTime now
);

}  // namespace sluice::check
