#pragma once

#include "config/base/words.hpp"
#include "storage/check/compare.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// What lies in a volume's live/ folder, a folder at a time, so that memory is that of one camera's day.
namespace sluice::check {

/// "live/<day>/<camera>/<stream>".
struct StreamFolder {
    std::string day;
    std::string camera_slug;
    StreamKind stream = StreamKind::main;
    friend auto operator<=>(const StreamFolder&, const StreamFolder&) = default;
};
[[nodiscard]] std::filesystem::path path_of(const StreamFolder& folder);

/// Day folders below live/, sorted. Error: operator_acts.
[[nodiscard]] Result<std::vector<std::string>> list_days(const std::filesystem::path& root);

struct DayListing {
    std::vector<StreamFolder> folders;   ///< sorted
    std::vector<std::string> strangers;  ///< relative paths of what is no such folder
};
[[nodiscard]] Result<DayListing> list_day(const std::filesystem::path& root, const std::string& day);

/// Files of one folder, sorted by name, .empty ones included. `with_sizes` asks the disk for each file's size
/// and age; a .part is always asked. Files that vanish meanwhile are left out; a folder that is not there has
/// none.
[[nodiscard]] Result<std::vector<FileEntry>>
list_folder(const std::filesystem::path& root, const StreamFolder& folder, bool with_sizes);

/// Size and last write of a file; nullopt: it is not there (or no plain file).
struct FileFacts {
    std::uint64_t bytes = 0;
    UtcTime touched;
};
[[nodiscard]] std::optional<FileFacts> find_facts(const std::filesystem::path& file);

}  // namespace sluice::check
