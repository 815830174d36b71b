#pragma once

#include "storage/release/make_copy.hpp"
#include "storage/release/package_writer.hpp"

#include <vector>

namespace sluice::release::detail {

/// What a copy consists of: its facts, and for each video the samples it is made of.
struct Collected {
    PackageFacts facts;
    std::vector<clip::ExactRange> ranges;  ///< of the videos, in order
    clip::VolumePaths volumes;
    std::uint64_t segment_bytes = 0;
    [[nodiscard]] std::size_t count_videos() const noexcept { return ranges.size(); }
};

/// Resolves what was granted and compares the hash of every segment it touches. Error: as make_copy.
[[nodiscard]] Result<Collected>
collect(const CopySite& site, const catalogue::CopyRow& copy, const CopyGoOn& go_on);

/// Writes the videos and fills in their sizes and hashes.
[[nodiscard]] Status
add_videos(const CopySite& site, Collected& collected, PackageWriter& writer, const CopyGoOn& go_on);

/// The last instant of footage that began then, article 7(5).
[[nodiscard]] UtcTime ceiling_of(UtcTime recorded, unsigned years);

}  // namespace sluice::release::detail
