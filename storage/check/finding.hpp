#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/check_repository.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Comparing files, journal and catalogue (fsck). Nothing in this folder deletes or changes footage.
namespace sluice::check {

/// How deep: names alone, also sizes, or every byte with hashes, boxes and indexes.
enum class Depth { names, sizes, hashes };
[[nodiscard]] std::string_view to_string(Depth depth) noexcept;
[[nodiscard]] std::optional<Depth> depth_from(std::string_view word) noexcept;

/// What can be wrong. The words are part of the report's format.
enum class FindingKind {
    file_without_row,  ///< a finished file that the catalogue does not know
    row_without_file,  ///< a row whose file is not there
    state_differs,     ///< the file's name and the row's state contradict each other
    size_differs,
    hash_differs,          ///< bytes changed; where inside the range nobody can tell
    unreadable_box,        ///< the head of a file or fragment is not what was written
    index_differs,         ///< the catalogue's index or row says other things than the sound file
    chain_broken,          ///< a file names another hash of its run's segment before it than that one's row
    journal_line_missing,  ///< a line of the journal that the catalogue should hold and does not
    journal_unreadable,    ///< lines that nobody can understand, or a journal that can't be read
    left_over_part,        ///< a .part that nobody writes any more
    left_over_suspect,     ///< a .suspect whose readable part was not copied yet
    unknown_file,          ///< a name that is none of ours
    destroyed_file,        ///< a file whose tombstone says that it is gone
    marked_damaged,        ///< marked by an earlier check
    unreadable_file,       ///< the disk refused to give it
    volume_missing,        ///< a volume that has rows and can't be looked at
};
inline constexpr std::size_t kFindingKinds = 17;
[[nodiscard]] std::string_view to_string(FindingKind kind) noexcept;

struct Finding {
    FindingKind kind = FindingKind::file_without_row;
    std::filesystem::path volume;  ///< its root
    std::string path;              ///< relative to it; of the journal: the file
    std::optional<Uuid> segment_id;
    std::optional<UtcTime> from;  ///< of the segment
    std::optional<UtcTime> to;
    std::vector<catalogue::Damage> damage;  ///< which bytes
    std::string detail;
};

/// How many of each kind.
struct Tally {
    std::array<std::uint64_t, kFindingKinds> counts{};
    void add(FindingKind kind) noexcept { ++counts.at(static_cast<std::size_t>(kind)); }
    [[nodiscard]] std::uint64_t of(FindingKind kind) const noexcept {
        return counts.at(static_cast<std::size_t>(kind));
    }
    [[nodiscard]] std::uint64_t total() const noexcept;
};

}  // namespace sluice::check
