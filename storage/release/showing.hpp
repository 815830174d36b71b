#pragma once

#include "storage/clip/hls_cutout.hpp"
#include "storage/release/grant.hpp"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

/// What a viewing session shows of one stream: the granted footage as entries of playlists, and nothing else.
namespace sluice::release {

/// An entry, and the time of its samples: from the earliest begin of a presentation to the end of the last.
struct ShownEntry : clip::HlsCutout {
    TimeRange shown;
};

struct Showing {
    std::vector<ShownEntry> entries;  ///< piece after piece, each by time
    std::vector<TimeRange> damaged;   ///< granted, yet not shown: a check found it damaged
};

/// Times as they are granted; those that touch or overlap become one.
[[nodiscard]] std::vector<TimeRange> unite(std::vector<TimeRange> ranges);

/// Of a stream, for the resolved intervals of a grant. Blocking. Refuses: NOT_YET_DURABLE. Error: retry,
/// abandon_file.
[[nodiscard]] Result<std::variant<Showing, clip::Refusal>> load_showing(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    std::vector<TimeRange> granted
);

/// The entry where playing from `at` on begins: the last one with a key frame at its begin that begins at or
/// before `at`, yet the first one of all when `at` lies before them. nullopt: there is no entry.
[[nodiscard]] std::optional<std::size_t> find_begin(const Showing& showing, UtcTime at);
/// The entry that a piece's address names: its file, its fragments and no other spelling.
[[nodiscard]] const ShownEntry*
find_entry(const Showing& showing, const Uuid& file_id, clip::FragmentRange fragments) noexcept;

[[nodiscard]] Microseconds length_of(const clip::HlsCutout& entry) noexcept;

}  // namespace sluice::release
