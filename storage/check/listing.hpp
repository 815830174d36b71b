#pragma once

#include "config/base/words.hpp"
#include "storage/check/compare.hpp"
#include "storage/segment/writer.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// What lies in a volume's live/ and imported/, a folder at a time, so that memory is that of one camera's
/// day.
namespace sluice::check {

using segment::Place;

/// "live/<day>/<camera>/<stream>", or below imported/.
struct StreamFolder {
    std::string day;
    std::string camera_slug;
    StreamKind stream = StreamKind::main;
    friend auto operator<=>(const StreamFolder&, const StreamFolder&) = default;
};
[[nodiscard]] std::filesystem::path path_of(const StreamFolder& folder, Place place = Place::live);
/// "imported/<day>/<camera>/original": files as they were received, and their receipts.
[[nodiscard]] std::filesystem::path originals_of(const std::string& day, const std::string& camera_slug);

/// Day folders below live/ or imported/, sorted. A volume without imported/ has none there. Error:
/// operator_acts.
[[nodiscard]] Result<std::vector<std::string>>
list_days(const std::filesystem::path& root, Place place = Place::live);

struct DayListing {
    std::vector<StreamFolder> folders;   ///< sorted
    std::vector<std::string> originals;  ///< below imported/: cameras with received files, by slug
    std::vector<std::string> strangers;  ///< relative paths of what is no such folder
};
[[nodiscard]] Result<DayListing>
list_day(const std::filesystem::path& root, const std::string& day, Place place = Place::live);

/// Files of one folder, sorted by name, .empty ones included. `with_sizes` asks the disk for each file's size
/// and age; a .part is always asked. Files that vanish meanwhile are left out; a folder that is not there has
/// none. `folder` is relative to the volume.
[[nodiscard]] Result<std::vector<FileEntry>>
list_files(const std::filesystem::path& root, const std::filesystem::path& folder, bool with_sizes);
[[nodiscard]] Result<std::vector<FileEntry>> list_folder(
    const std::filesystem::path& root,
    const StreamFolder& folder,
    bool with_sizes,
    Place place = Place::live
);

/// Size and last write of a file; nullopt: it is not there (or no plain file).
struct FileFacts {
    std::uint64_t bytes = 0;
    UtcTime touched;
};
[[nodiscard]] std::optional<FileFacts> find_facts(const std::filesystem::path& file);

}  // namespace sluice::check
