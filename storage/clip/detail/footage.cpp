#include "storage/clip/detail/footage.hpp"

#include "storage/mp4/index.hpp"
#include "storage/mp4/read.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace sluice::clip {
namespace fs = std::filesystem;
namespace {

/// A path out of the catalogue stays below its volume.
bool is_inside(const fs::path& relative) {
    return !relative.empty() && relative.is_relative() &&
           std::ranges::none_of(relative, [](const fs::path& part) { return part == ".."; });
}

}  // namespace

Place place_of(const catalogue::SegmentRow& row) {
    return {
        .segment_id = row.id,
        .volume_id = row.volume_id,
        .from = row.range.from,
        .durable_bytes = row.bytes,
        .state = row.state,
        .path = row.path.string(),
        .is_damaged = row.is_damaged,
    };
}

Result<mp4::SegmentIndex> Footage::load_index(Place& place) {
    if (place.state == catalogue::SegmentState::finished) {
        const Result<Bytes> encoded = catalogue::get_segment_index(pool_, place.segment_id, place.from);
        if (!encoded) return std::unexpected(encoded.error());
        return mp4::decode_index(*encoded);
    }
    const std::uint64_t durable_bytes =
        place.durable_bytes;  // as it was resolved, whatever the row says later
    Result<UniqueFd> file = open(place);
    if (!file) return std::unexpected(file.error());
    Result<mp4::SegmentFile> read = mp4::read_segment(file->get(), durable_bytes);
    if (!read) return std::unexpected(read.error());
    if (read->info.segment_id != place.segment_id) {
        return failure(Remedy::abandon_file, "another segment's file stands at " + place.path);
    }
    return std::move(read->index);
}

Result<std::vector<Bytes>> Footage::load_encoded(const std::vector<std::pair<Uuid, UtcTime>>& segments) {
    Result<std::vector<Bytes>> encoded = catalogue::get_segment_indexes(pool_, segments);
    if (encoded && encoded->size() != segments.size()) {
        return failure(Remedy::abandon_file, "the catalogue lacks the index of a finished segment");
    }
    return encoded;
}

Result<UniqueFd> Footage::open(Place& place) {
    Result<UniqueFd> file = open_once(place);
    if (file || file.error().code() != std::errc::no_such_file_or_directory) return file;
    // Between the rename of a finished file and its row, the catalogue still names the .part.
    if (constexpr std::string_view kPart = ".part"; place.path.ends_with(kPart)) {
        Place renamed = place;
        renamed.path.resize(renamed.path.size() - kPart.size());
        if (Result<UniqueFd> finished = open_once(renamed)) {
            place.path = std::move(renamed.path);
            return finished;
        }
    }
    const Result<bool> moved = refresh(place);
    if (!moved) return std::unexpected(moved.error());
    return *moved ? open_once(place) : std::move(file);
}

Result<UniqueFd> Footage::open_once(const Place& place) const {
    const auto volume = volumes_.find(place.volume_id);
    if (volume == volumes_.end()) {
        return failure(
            Remedy::abandon_file, "no volume with the id " + to_string(place.volume_id) + " is known"
        );
    }
    if (!is_inside(place.path))
        return failure(Remedy::abandon_file, "a path outside its volume: " + place.path);
    UniqueFd file{::open((volume->second / place.path).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!file.is_open()) return errno_error(Remedy::abandon_file, "cannot open " + place.path);
    return file;
}

Result<bool> Footage::refresh(Place& place) {
    const TimeRange instant{place.from, place.from + Microseconds{1}};
    const auto rows = catalogue::load_segments(pool_, stream_id_, instant, std::nullopt, 1000);
    if (!rows) return std::unexpected(rows.error());
    for (const catalogue::SegmentRow& row : *rows) {
        if (row.id != place.segment_id || row.path == place.path) continue;
        place.path = row.path.string();
        place.state = row.state;
        place.volume_id = row.volume_id;
        return true;
    }
    return false;
}

}  // namespace sluice::clip
