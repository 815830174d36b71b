#pragma once

#include "storage/catalogue/recorder_repository.hpp"
#include "storage/mp4/read.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

namespace sluice::check::detail {

/// A segment read from its file, waiting for its successor in the run: that one carries its hash, and the
/// wall time at which it ends.
struct ReadSegment {
    mp4::SegmentFile file;
    std::filesystem::path root;  ///< of the volume
    std::filesystem::path path;
    Uuid volume_id;
};
struct LinkedSegment {
    ReadSegment segment;
    std::optional<Sha256Digest> sha256;  ///< the successor's word
    std::optional<UtcTime> next_began;   ///< when the successor is there
};

/// Links the segments of all runs as they come, by time. Pure.
class RunChain {
public:
    /// Takes a segment; gives back the run's one before it, when there is one waiting.
    [[nodiscard]] std::optional<LinkedSegment> add(ReadSegment segment);
    /// Those that have waited since before `began_before`: no successor will come. In order of time.
    [[nodiscard]] std::vector<LinkedSegment> take_older(UtcTime began_before);

private:
    std::map<Uuid, ReadSegment> waiting_;  ///< by run
};

/// Wall end of a segment as its writer or its adoption would have said. `run_end`: the journal's word, when
/// the run has ended and there is no successor. Pure. Pre: there is a fragment.
[[nodiscard]] UtcTime
wall_end(const mp4::SegmentIndex& index, std::optional<UtcTime> next_began, std::optional<UtcTime> run_end);

[[nodiscard]] catalogue::FinishedRow
make_row(const ReadSegment& segment, const Sha256Digest& sha256, UtcTime to);

}  // namespace sluice::check::detail
