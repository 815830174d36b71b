#include "storage/check/listing.hpp"

#include "storage/volume/list_folder.hpp"

#include <algorithm>
#include <chrono>

#include <sys/stat.h>

namespace sluice::check {
namespace {

namespace fs = std::filesystem;
using volume::FolderEntry;

constexpr std::string_view kOriginals = "original";

Result<std::vector<FolderEntry>> list_if_there(const fs::path& folder) {
    auto entries = volume::list_folder(folder);
    if (!entries && entries.error().code() == std::errc::no_such_file_or_directory)
        return std::vector<FolderEntry>{};
    return entries;
}

}  // namespace

fs::path path_of(const StreamFolder& folder, Place place) {
    return fs::path{to_string(place)} / folder.day / folder.camera_slug / to_string(folder.stream);
}

fs::path originals_of(const std::string& day, const std::string& camera_slug) {
    return fs::path{to_string(Place::imported)} / day / camera_slug / kOriginals;
}

Result<std::vector<std::string>> list_days(const fs::path& root, Place place) {
    const fs::path folder = root / to_string(place);
    const auto entries = place == Place::live ? volume::list_folder(folder) : list_if_there(folder);
    if (!entries) return std::unexpected(entries.error());
    std::vector<std::string> days;
    for (const FolderEntry& entry : *entries) {
        const auto day = from_rfc3339(entry.name + "T00:00:00Z");
        if (entry.is_folder && day && to_utc_day(*day) == entry.name) days.push_back(entry.name);
    }
    return days;
}

Result<DayListing> list_day(const fs::path& root, const std::string& day, Place place) {
    DayListing listing;
    const fs::path above = fs::path{to_string(place)} / day;
    const auto cameras = list_if_there(root / above);
    if (!cameras) return std::unexpected(cameras.error());
    for (const FolderEntry& camera : *cameras) {
        if (!camera.is_folder) {
            listing.strangers.push_back((above / camera.name).string());
            continue;
        }
        const auto streams = list_if_there(root / above / camera.name);
        if (!streams) return std::unexpected(streams.error());
        for (const FolderEntry& stream : *streams) {
            const auto kind = stream_kind_from(stream.name);
            if (stream.is_folder && kind)
                listing.folders.push_back({.day = day, .camera_slug = camera.name, .stream = *kind});
            else if (stream.is_folder && place == Place::imported && stream.name == kOriginals)
                listing.originals.push_back(camera.name);
            else
                listing.strangers.push_back((above / camera.name / stream.name).string());
        }
    }
    std::ranges::sort(listing.folders);
    return listing;
}

Result<std::vector<FileEntry>>
list_folder(const fs::path& root, const StreamFolder& folder, bool with_sizes, Place place) {
    return list_files(root, path_of(folder, place), with_sizes);
}

Result<std::vector<FileEntry>> list_files(const fs::path& root, const fs::path& folder, bool with_sizes) {
    const auto entries = list_if_there(root / folder);
    if (!entries) return std::unexpected(entries.error());
    std::vector<FileEntry> files;
    for (const FolderEntry& entry : *entries) {
        FileEntry file = to_entry((folder / entry.name).string());
        if (with_sizes || file.kind == FileKind::part) {
            const auto facts = find_facts(root / file.path);
            if (!facts && !entry.is_folder) continue;
            if (facts) file.bytes = facts->bytes;
            if (facts) file.touched = facts->touched;
        }
        files.push_back(std::move(file));
    }
    return files;
}

std::optional<FileFacts> find_facts(const fs::path& file) {
    struct stat found{};
    if (::lstat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
    const auto touched =
        std::chrono::seconds{found.st_mtim.tv_sec} + std::chrono::nanoseconds{found.st_mtim.tv_nsec};
    return FileFacts{
        .bytes = static_cast<std::uint64_t>(found.st_size),
        .touched = UtcTime{std::chrono::duration_cast<Microseconds>(touched)},
    };
}

}  // namespace sluice::check
