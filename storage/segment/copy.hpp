#pragma once

#include "storage/segment/writer.hpp"

#include <filesystem>

namespace sluice::segment {

/// Where the copy of a suspect file stands: "live/DAY/CAMERA/STREAM/NAME.mp4.suspect" becomes
/// "copies/DAY/CAMERA/STREAM/NAME.mp4". Empty, when it is no suspect file below live/.
[[nodiscard]] std::filesystem::path copy_path(const std::filesystem::path& suspect);

/// Copies head and all whole, sound fragments of a suspect file, up to the first that is not, into a new file
/// in a folder of its own: .part, written, synced, renamed, folder synced (I2). The original stays as it is.
/// A copy that is there already is read and given; a .part left by a crash is written anew. Thread: the
/// worker's, the only writer in copies/. Error: abandon_file, when there is nothing to copy (label "empty")
/// or the copy can't be written; operator_acts, when the original can't be read at the moment; stop_volume.
[[nodiscard]] Result<FinishedSegment> copy_readable(
    volume::DurableFiles& files,
    const std::filesystem::path& root,
    const std::filesystem::path& suspect
);

/// The facts of a copy, or of any whole segment file, from the file itself; nothing is written. Error:
/// abandon_file, when it is not whole; operator_acts.
[[nodiscard]] Result<FinishedSegment>
read_whole(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace sluice::segment
