#pragma once

#include "config/base/unique_fd.hpp"
#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// A time range of one stream as one progressive MP4 (moov first), without re-encoding. It is resolved once;
/// then its length and every byte of its head are known before a file is opened. Blocking: call from a worker
/// thread.
namespace sluice::clip {

struct Request {
    Uuid stream_id;
    UtcTime from;
    std::optional<UtcTime> to;   ///< nullopt: up to what is durable
    std::optional<Uuid> run_id;  ///< chooses one of overlapping runs
    /// True: damaged footage is given as it is, and the clip says which; false: it is refused.
    bool takes_damaged = false;
};

/// Where each volume is mounted, by id: from the catalogue's volumes.
using VolumePaths = std::map<Uuid, std::filesystem::path>;

/// A segment of a clip that is not what was recorded: its time inside the clip and what is known of its
/// bytes.
struct DamagedPart {
    Uuid segment_id;
    TimeRange range;
    std::vector<catalogue::Damage>
        bytes;  ///< of the file; none: a copy of a suspect file, never safely written
};

struct Interval {
    TimeRange range;
    Uuid run_id;
};

/// Why there is no clip. Code is the problem+json code: NO_FOOTAGE (404; detail names the gaps' causes),
/// NOT_YET_DURABLE (409, available_to), CLIP_NOT_UNIFORM (409, intervals), FOOTAGE_DAMAGED (409).
struct Refusal {
    std::string code;
    std::string detail;
    std::optional<UtcTime> available_to;
    std::vector<Interval> intervals;
    std::vector<catalogue::GapRow> gaps;
};

/// Bytes [offset, offset+length) of an open file, kept open by the owner of the piece.
struct FileRange {
    std::shared_ptr<const UniqueFd>
        file;  // shared by the clip's small cache and the connection that is sending
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
using Piece = std::variant<Bytes, FileRange>;

/// An immutable answer. Thread: any, one call at a time. Memory: some hundred bytes a segment plus one batch
/// of indexes, whatever the clip's length in bytes.
class Clip {
public:
    virtual ~Clip() = default;
    [[nodiscard]] virtual TimeRange range() const = 0;  ///< resolved
    [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
    /// Strong: hash of stream, resolved bounds, (segment id, first and last sample) and muxer version; the
    /// same before and after an open segment is finished.
    [[nodiscard]] virtual std::string etag() const = 0;
    [[nodiscard]] virtual const std::vector<catalogue::GapRow>& gaps() const = 0;  ///< inside the range
    /// Empty unless the request takes damaged footage.
    [[nodiscard]] virtual const std::vector<DamagedPart>& damaged() const = 0;
    [[nodiscard]] virtual std::uint64_t frames() const = 0;
    /// The next piece at `offset`, at most `limit` bytes, at least one. Error: retry (database), abandon_file
    /// (a file is gone or does not agree with its index: nothing false is sent).
    [[nodiscard]] virtual Result<Piece> read(std::uint64_t offset, std::uint64_t limit) = 0;
};

using Resolved = std::variant<std::unique_ptr<Clip>, Refusal>;
[[nodiscard]] Result<Resolved>
resolve(catalogue::Pool& pool, const VolumePaths& volumes, const Request& request);

/// Samples that somebody has chosen: of one run, from `first` of one segment on, up to and without `end` of
/// the same or a later one. Begins with a key frame.
struct ExactRange {
    Uuid stream_id;
    Uuid run_id;
    TimeRange range;  ///< in which they lie
    Uuid first_segment;
    std::uint32_t first = 0;
    Uuid end_segment;
    std::uint32_t end = 0;
};
/// The same clip of exactly these samples. Refuses as resolve does. Error: also abandon_file, when there are
/// no such samples.
[[nodiscard]] Result<Resolved>
resolve_exact(catalogue::Pool& pool, const VolumePaths& volumes, const ExactRange& range);

}  // namespace sluice::clip
