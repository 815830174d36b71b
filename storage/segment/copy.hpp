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

/// A whole file, byte for byte, to another place: .part, synced, read back from the disk, renamed, folder
/// synced; when this returns, `root / path` is durable and has the hash. The source's hash is taken while it
/// is read. A file that is there already is read and kept if it is right, a .part is begun anew; what is
/// wrong is taken away again. Error: label "source_differs" or "copy_differs"; abandon_file, operator_acts,
/// stop_volume.
struct ExactCopy {
    std::filesystem::path source;
    std::filesystem::path root;  ///< of the target's volume
    std::filesystem::path path;  ///< below it
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
};
[[nodiscard]] Status copy_exactly(volume::DurableFiles& files, const ExactCopy& copy);

/// The facts of a copy, or of any whole segment file, from the file itself; nothing is written. Error:
/// abandon_file, when it is not whole; operator_acts.
[[nodiscard]] Result<FinishedSegment>
read_whole(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace sluice::segment
