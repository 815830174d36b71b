#pragma once

#include "storage/clip/detail/footage.hpp"
#include "storage/clip/detail/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::clip {

/// The samples [first, end) of one segment; what a clip keeps of it.
struct Part {
    Place place;
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    PartShape shape;
};

/// Bytes of one fragment as they stand in a file, and the mdat header they must have before them.
struct Chunk {
    std::uint64_t file_offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t mdat_offset = 0;
    std::uint64_t mdat_bytes = 0;  ///< of the whole box
};

struct LoadedPart {
    mp4::SegmentIndex index;  ///< trimmed
    std::vector<Chunk> chunks;
};
/// Error: abandon_file when the index has not that many samples.
[[nodiscard]] Result<LoadedPart>
cut_part(const mp4::SegmentIndex& whole, std::uint32_t first, std::uint32_t end);

/// The file is long enough and the fragment's mdat box says what the index says; of a damaged segment, whose
/// damage was told, only the length counts. Error: abandon_file.
[[nodiscard]] Status check_chunk(int fd, const Chunk& chunk, const Place& place);

/// Indexes of a clip's parts, read in batches as they are asked for. Holds one batch in its compact form and
/// a few decoded ones, however long the clip is.
class PartIndexes {
public:
    PartIndexes(Footage& footage, std::vector<Part>& parts) : footage_(footage), parts_(parts) {}

    /// Valid until the next call but one.
    [[nodiscard]] Result<const LoadedPart*> get(std::size_t number);

private:
    [[nodiscard]] Result<mp4::SegmentIndex> load(std::size_t number);

    Footage& footage_;
    std::vector<Part>& parts_;
    std::vector<std::pair<std::size_t, Bytes>> batch_;
    std::deque<std::pair<std::size_t, std::unique_ptr<LoadedPart>>> recent_;
};

}  // namespace sluice::clip
