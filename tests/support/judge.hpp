#pragma once

#include "config/base/time.hpp"
#include "config/base/words.hpp"
#include "storage/mp4/read.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// Was everything recorded that was sent? Footage on disk against the farm's log, picture by picture.
namespace sluice::test {

/// One line of the farm's log.
struct SentPicture {
    std::uint64_t number = 0;  ///< of the camera, over all sessions
    int session = 0;
    bool is_key = false;
    std::int64_t pts = 0;
    std::string sha256;
    std::string bare;  ///< hash without the farm's SEI; only when packets were dropped
    std::uint64_t bytes = 0;
    std::uint64_t packets_dropped = 0;
    std::string fault;
    std::int64_t sent_us = 0;
};
[[nodiscard]] std::vector<SentPicture> load_sent(const std::filesystem::path& log);
/// When an event ("session_began", "command" …) was logged, in microseconds.
[[nodiscard]] std::vector<std::int64_t>
load_events(const std::filesystem::path& log, const std::string& event);

struct RecordedSegment {
    std::filesystem::path path;    ///< absolute
    std::filesystem::path volume;  ///< the root it lies below
    mp4::SegmentFile file;
    std::vector<std::string> pictures;  ///< hash of each sample
    std::vector<bool> has_sets;         ///< whether a complete group of parameter sets stands in each sample
    Sha256Digest sha256{};              ///< of the file
    [[nodiscard]] bool is_finished() const { return path.extension() == ".mp4"; }
};
/// All footage of a stream on a volume, finished and open, in order of time. A file that can't be read is a
/// problem of its own: `problems` says which.
struct Footage {
    std::vector<RecordedSegment> segments;
    std::vector<std::string> problems;
    [[nodiscard]] std::size_t pictures() const;
    [[nodiscard]] std::size_t runs() const;
};
[[nodiscard]] Footage load_footage(
    const std::filesystem::path& volume,
    const std::string& camera_slug,
    StreamKind stream = StreamKind::main
);

/// Of several volumes, when a stream changes from one to another.
[[nodiscard]] Footage load_footage(
    const std::vector<std::filesystem::path>& volumes,
    const std::string& camera_slug,
    StreamKind stream = StreamKind::main
);

/// I6, I7, I9: key frame first, sets in every key frame, hash chain, sequence; media time of a run goes on
/// where it stood, or (`may_pause`: the camera fell silent or packets were lost) later. The first segment on
/// another volume may lack its forerunner's hash, which another thread is still working out.
[[nodiscard]] std::vector<std::string> check_structure(const Footage& footage, bool may_pause = false);

/// ffprobe and ffmpeg on the first `files` finished files: no complaint, as many pictures as samples,
/// monotone DTS, and a duration that is the sum of the samples' durations.
[[nodiscard]] std::vector<std::string> check_decodable(const Footage& footage, std::size_t files = SIZE_MAX);
/// Only that every picture decodes without a complaint: for cameras whose times are senseless.
[[nodiscard]] std::vector<std::string> check_pictures_decode(const Footage& footage);

struct Allowance {
    /// Pictures sent after this need not be there (what was under way at the end).
    std::int64_t until_us = INT64_MAX;
    /// Whether a sent picture may be missing: loss, a first GOP without key frame.
    std::function<bool(const SentPicture&)> may_miss{};
};
/// Pictures from a session's first whole key picture on, sent until then, that no file holds, in the order of
/// sending.
[[nodiscard]] std::vector<SentPicture>
find_missing(const Footage& footage, const std::vector<SentPicture>& sent, std::int64_t until_us = INT64_MAX);
/// For `Allowance::may_miss`: the camera went on with a session after the recorder, which it could not hear,
/// had begun another.
[[nodiscard]] std::function<bool(const SentPicture&)> sent_to_nobody(const std::vector<SentPicture>& sent);
/// Every picture from a session's first key picture on is recorded exactly once and in order, and nothing
/// else is.
[[nodiscard]] std::vector<std::string>
check_complete(const Footage& footage, const std::vector<SentPicture>& sent, const Allowance& allowance = {});

/// I14: each fragment's wall time is the one at which its first picture was sent, within `slack`.
[[nodiscard]] std::vector<std::string>
check_times(const Footage& footage, const std::vector<SentPicture>& sent, std::chrono::milliseconds slack);

/// Of a list of problems the first few, for a test's message.
[[nodiscard]] std::string first_of(const std::vector<std::string>& problems);

}  // namespace sluice::test
