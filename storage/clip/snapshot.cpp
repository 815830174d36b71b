#include "storage/clip/snapshot.hpp"

#include "storage/clip/detail/parts.hpp"
#include "storage/clip/detail/picture.hpp"
#include "storage/clip/detail/select.hpp"

#include <utility>

#include <unistd.h>

namespace sluice::clip {
namespace {

constexpr std::uint64_t kLargestFrame = 64U << 20U;
/// The first picture of a run is shown a reorder delay after it arrived, and stands for that moment as well.
constexpr Microseconds kGrace = std::chrono::seconds{2};

Result<Bytes> read_sample(Footage& footage, Place place, const Edge& key) {
    const Result<LoadedPart> part = cut_part(key.index, key.sample, key.sample + 1);
    if (!part) return std::unexpected(part.error());
    const Chunk& chunk = part->chunks.front();
    if (chunk.bytes > kLargestFrame)
        return failure(Remedy::abandon_file, "a key frame is too large: " + place.path);
    const Result<UniqueFd> file = footage.open(place);
    if (!file) return std::unexpected(file.error());
    const Status checked = check_chunk(file->get(), chunk, place);
    if (!checked) return std::unexpected(checked.error());
    Bytes bytes(chunk.bytes);
    for (std::uint64_t done = 0; done < bytes.size();) {
        const auto at = static_cast<off_t>(chunk.file_offset + done);
        const ssize_t got = ::pread(file->get(), bytes.data() + done, bytes.size() - done, at);
        if (got < 0) return errno_error(Remedy::abandon_file, "cannot read " + place.path);
        if (got == 0) return failure(Remedy::abandon_file, "the file ended early: " + place.path);
        done += static_cast<std::uint64_t>(got);
    }
    return bytes;
}

Found<Snapshot> find_snapshot(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request) {
    Footage footage{pool, volumes, request.stream_id};
    Found<Candidates> candidates = find_candidates(pool, footage, request);
    if (!candidates) return std::unexpected(candidates.error());
    candidates->asked.to = request.from + kGrace;
    const Found<Edge> key = find_first(pool, footage, request, *candidates);
    if (!key) return std::unexpected(key.error());
    const Found<void> sound = check_sound(*candidates, key->row, key->row);
    if (!sound) return std::unexpected(sound.error());
    const catalogue::SegmentRow& row = candidates->rows[key->row];
    const Result<Bytes> bytes = read_sample(footage, place_of(row), *key);
    if (!bytes) return std::unexpected(bytes.error());
    const Result<catalogue::FormatRow> format = catalogue::get_format(pool, row.format_id);
    if (!format) return std::unexpected(format.error());
    Result<Bytes> jpeg = make_jpeg(format->format, *bytes);
    if (!jpeg) return std::unexpected(jpeg.error());
    return Snapshot{.jpeg = std::move(*jpeg), .at = key->wall};
}

}  // namespace

Result<std::variant<Snapshot, Refusal>>
take_snapshot(catalogue::Pool& pool, const VolumePaths& volumes, const Uuid& stream_id, UtcTime at) {
    using Answer = std::variant<Snapshot, Refusal>;
    const Request instant{
        .stream_id = stream_id, .from = at, .to = at + Microseconds{1}, .run_id = {}, .takes_damaged = false
    };
    Found<Snapshot> snapshot = find_snapshot(pool, volumes, instant);
    if (snapshot) return Answer{std::move(*snapshot)};
    if (auto* refusal = std::get_if<Refusal>(&snapshot.error())) return Answer{std::move(*refusal)};
    return std::unexpected(std::get<Error>(snapshot.error()));
}

}  // namespace sluice::clip
