#include "storage/mp4/read.hpp"
#include "storage/segment/adopt.hpp"
#include "storage/segment/detail/wall_end.hpp"
#include "storage/volume/list_folder.hpp"

#include <algorithm>
#include <optional>
#include <ranges>
#include <string_view>

#include <fcntl.h>

namespace sluice::segment {
namespace {

namespace fs = std::filesystem;
using volume::FolderEntry;

constexpr std::string_view kFinished = ".mp4";
constexpr std::string_view kPart = ".mp4.part";
constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kFilesTried = 16;  // when the newest of a stream hold no footage

bool is_day(const FolderEntry& entry) {
    constexpr std::string_view pattern = "dddd-dd-dd";
    return entry.is_folder && std::ranges::equal(entry.name, pattern, [](char letter, char wanted) {
               return wanted == 'd' ? letter >= '0' && letter <= '9' : letter == wanted;
           });
}

/// "20261123T101500Z_0192….mp4" or the same with ".part"; nullopt for any other name, so also for .suspect
/// and .empty.
std::optional<Orphan> to_orphan(const fs::path& folder, const FolderEntry& entry) {
    if (entry.is_folder) return std::nullopt;
    std::string_view stem = entry.name;
    const bool is_part = stem.ends_with(kPart);
    if (!is_part && !stem.ends_with(kFinished)) return std::nullopt;
    stem.remove_suffix(is_part ? kPart.size() : kFinished.size());
    if (stem.size() <= kUuidLength || stem[stem.size() - kUuidLength - 1] != '_') return std::nullopt;
    const auto id = uuid_from_string(stem.substr(stem.size() - kUuidLength));
    if (!id) return std::nullopt;
    return Orphan{.path = folder / entry.name, .segment_id = *id, .is_part = is_part};
}

/// A folder's content; one that vanished meanwhile (a purge removes empty ones) has none.
Result<std::vector<FolderEntry>> list_if_there(const fs::path& folder) {
    auto entries = volume::list_folder(folder);
    if (!entries && entries.error().code() == std::errc::no_such_file_or_directory)
        return std::vector<FolderEntry>{};
    return entries;
}

/// Adds the segment files of live/<day>/<camera>/<stream>/, three levels below `folder`.
Status collect(const fs::path& root, const fs::path& folder, int levels, std::vector<Orphan>& into) {
    const auto entries = list_if_there(root / folder);
    if (!entries) return std::unexpected(entries.error());
    for (const FolderEntry& entry : *entries) {
        if (levels > 0 && entry.is_folder) {
            if (auto done = collect(root, folder / entry.name, levels - 1, into); !done) return done;
        } else if (levels == 0) {
            if (auto orphan = to_orphan(folder, entry)) into.push_back(std::move(*orphan));
        }
    }
    return {};
}

/// nullopt: the file holds no whole fragment, or can't be read.
std::optional<UtcTime> read_end(const fs::path& file) {
    const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) return std::nullopt;
    const auto found = mp4::read_segment(fd.get(), UINT64_MAX);
    if (!found || found->index.fragments.empty()) return std::nullopt;
    return detail::wall_end(found->index);
}

}  // namespace

Result<std::vector<Orphan>> find_files(const fs::path& root, const std::string& first_day) {
    const auto days = volume::list_folder(root / "live");
    if (!days) return std::unexpected(days.error());
    std::vector<Orphan> found;
    for (const FolderEntry& day : *days) {
        if (!is_day(day) || day.name < first_day) continue;
        if (auto done = collect(root, fs::path{"live"} / day.name, 2, found); !done)
            return std::unexpected(done.error());
    }
    return found;
}

Result<std::vector<Orphan>> find_stream_files(
    const fs::path& root,
    const std::string& day,
    const std::string& camera_slug,
    StreamKind stream
) {
    std::vector<Orphan> found;
    const fs::path folder = fs::path{"live"} / day / camera_slug / to_string(stream);
    if (auto done = collect(root, folder, 0, found); !done) return std::unexpected(done.error());
    return found;
}

Result<std::optional<UtcTime>>
find_last_end(const fs::path& root, const std::string& camera_slug, StreamKind stream) {
    const auto days = volume::list_folder(root / "live");
    if (!days) return std::unexpected(days.error());
    std::size_t tried = 0;
    for (const FolderEntry& day : std::views::reverse(*days)) {
        if (!is_day(day)) continue;
        const fs::path folder = fs::path{"live"} / day.name / camera_slug / to_string(stream);
        const auto files = list_if_there(root / folder);
        if (!files) return std::unexpected(files.error());
        for (const FolderEntry& file : std::views::reverse(*files)) {
            const auto orphan = to_orphan(folder, file);
            if (!orphan) continue;
            if (const auto end = read_end(root / orphan->path)) return end;
            if (++tried == kFilesTried) return std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace sluice::segment
