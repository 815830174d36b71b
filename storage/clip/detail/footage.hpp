#pragma once

#include "config/base/unique_fd.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/clip/clip.hpp"
#include "storage/mp4/types.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// How a clip comes to its segments' indexes and files.
namespace sluice::clip {

/// Where a segment is to be found. While it is open its file is renamed under us one day.
struct Place {
    Uuid segment_id;
    Uuid volume_id;
    UtcTime from;  ///< of the row: finds the partition
    std::uint64_t durable_bytes = 0;
    catalogue::SegmentState state = catalogue::SegmentState::open;
    std::string path;  ///< relative to the volume
    bool is_damaged = false;
};
[[nodiscard]] Place place_of(const catalogue::SegmentRow& row);

/// Reads of one stream's segments. Thread: one at a time.
class Footage {
public:
    /// `pool` outlives it.
    Footage(catalogue::Pool& pool, VolumePaths volumes, const Uuid& stream_id)
        : pool_(pool),
          volumes_(std::move(volumes)),
          stream_id_(stream_id) {}

    /// Of a finished segment from the catalogue, of any other from its file, durable bytes only; when that
    /// was renamed meanwhile, `place` is brought up to date. Error: retry, abandon_file.
    [[nodiscard]] Result<mp4::SegmentIndex> load_index(Place& place);

    /// Encoded indexes of finished segments, one query.
    [[nodiscard]] Result<std::vector<Bytes>> load_encoded(
        const std::vector<std::pair<Uuid, UtcTime>>& segments
    );

    /// Opens the file for reading, never through a link at its end. As load_index when it was renamed.
    [[nodiscard]] Result<UniqueFd> open(Place& place);

private:
    [[nodiscard]] Result<UniqueFd> open_once(const Place& place) const;
    /// Asks the catalogue where the segment is now. False: where it was.
    [[nodiscard]] Result<bool> refresh(Place& place);

    catalogue::Pool& pool_;
    VolumePaths volumes_;
    Uuid stream_id_;
};

}  // namespace sluice::clip
