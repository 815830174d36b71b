#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/mp4/index.hpp"
#include "storage/mp4/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// The progressive file as arithmetic: a head (ftyp, moov with seven tables) and the samples' data. Every
/// table is the parts' own tables one behind the other, never merged, so each byte's place follows from the
/// parts' counts alone. Pure; boxes as in ISO/IEC 14496-12.
namespace sluice::clip {

/// Raised when the same clip would get other bytes; part of the ETag.
inline constexpr std::uint32_t kMuxerVersion = 1;

enum class Table : std::uint8_t { durations, compositions, keys, sizes, chunks, offsets, data };
inline constexpr std::size_t kTables = 7;

/// How many entries a part brings to each table.
struct Counts {
    std::uint64_t samples = 0;
    std::uint64_t key_samples = 0;
    std::uint64_t fragments = 0;
    std::uint64_t duration_runs = 0;
    std::uint64_t composition_runs = 0;
    std::uint64_t bytes = 0;

    Counts& operator+=(const Counts& other) noexcept;
    friend bool operator==(const Counts&, const Counts&) = default;
};
[[nodiscard]] Counts counts_of(const mp4::IndexSums& sums) noexcept;

/// What the layout knows of a part: samples of one segment.
struct PartShape {
    Counts own;
    Counts before;                 ///< of all parts before this one
    std::uint32_t entry = 1;       ///< sample entry, from 1
    std::uint64_t span_ticks = 0;  ///< first sample to the next part's first; 0: told by the next part's tfdt
};

struct Presentation {
    UtcTime from;                          ///< creation time of the boxes
    std::uint64_t media_ticks = 0;         ///< sum of all durations
    std::uint64_t presentation_ticks = 0;  ///< what a player shows
    std::uint32_t first_composition = 0;   ///< cut off by the edit list, so that the clip starts at 0
    bool has_composition = false;
};

struct Section {
    Table table = Table::durations;
    Bytes header;              ///< stands before the entries
    std::uint64_t offset = 0;  ///< of the header in the file
    std::uint64_t entries_bytes = 0;
    [[nodiscard]] std::uint64_t entries_offset() const noexcept { return offset + header.size(); }
    [[nodiscard]] std::uint64_t end() const noexcept { return entries_offset() + entries_bytes; }
};

struct Layout {
    std::vector<Section>
        sections;  ///< in the order of the file; the first header holds all before the tables
    std::uint64_t size_bytes = 0;
    [[nodiscard]] std::uint64_t data_offset() const noexcept { return sections.back().entries_offset(); }
};

/// Error: refuse, when the head would not fit into 32-bit boxes.
[[nodiscard]] Result<Layout>
lay_out(const Counts& total, const Presentation& presentation, std::span<const mp4::VideoFormat> formats);

/// Bytes of a table that `counts` make.
[[nodiscard]] std::uint64_t table_bytes(Table table, const Counts& counts) noexcept;

/// One part's entries of a table (not of `data`). `span_ticks` as in PartShape, never 0 here. `data_offset`
/// is the file's first sample byte. Error: abandon_file when the index does not make what the part's counts
/// promised.
[[nodiscard]] Result<Bytes> make_entries(
    Table table,
    const PartShape& part,
    const mp4::SegmentIndex& index,
    std::uint64_t span_ticks,
    std::uint64_t data_offset
);

}  // namespace sluice::clip
