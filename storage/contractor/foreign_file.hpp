#pragma once

#include "config/base/error.hpp"
#include "storage/mp4/nal.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// A video file that somebody else made, read through libavformat. Nothing in it is believed.
///
/// Bounds: the file is the only thing that can be read (no other file, no network, whatever a playlist in it
/// says); at most 16 streams, 5 MiB or 5 s of probing, 32 MiB a picture, 256 MiB in one allocation, and as
/// many packets as a day has at 240 a second. `go_on` is asked whenever bytes are read and for each packet:
/// false ends the reading. What libavformat refuses is an error of this file alone. A demuxer that loops
/// without reading can't be interrupted in a thread, and one that crashes takes its process with it: so the
/// worker first has each file read in a process of its own (survey_apart.hpp).
namespace sluice::contractor {

using GoOn = std::function<bool()>;

struct ForeignFacts {
    std::string container;       ///< libavformat's name, "mov,mp4,m4a,3gp,3g2,mj2"
    std::string codec_name;      ///< "h264", "mjpeg"
    std::optional<Codec> codec;  ///< nullopt: none that can be played here
    double fps = 0;              ///< 0: the file does not say
};

/// One picture as it stands in the file, in decode order.
struct ForeignUnit {
    Bytes bytes;           ///< NAL units with 4-byte lengths; empty for a codec that is not played
    std::int64_t dts = 0;  ///< ticks of 90 kHz, as in the file; strictly increasing
    std::int64_t pts = 0;
    std::int64_t duration = 0;  ///< 0: the file does not say
    bool is_key = false;
    bool has_sets_in_band = false;
};

/// Thread: one.
class ForeignFile {
public:
    /// Error: abandon_file with label "NOT_MEDIA", when there is no video that libavformat can read;
    /// operator_acts, when the file can't be read; cancelled.
    [[nodiscard]] static Result<ForeignFile> open(const std::filesystem::path& path, GoOn go_on);

    [[nodiscard]] const ForeignFacts& facts() const noexcept;
    /// Of the pictures so far: what the container said, and what came in band.
    [[nodiscard]] const mp4::ParameterSets& sets() const noexcept;
    /// nullopt: the end. Error: abandon_file with label "MEDIA_BROKEN"; operator_acts; cancelled.
    [[nodiscard]] Result<std::optional<ForeignUnit>> next();

    ForeignFile(ForeignFile&&) noexcept;
    ForeignFile& operator=(ForeignFile&&) noexcept;
    ~ForeignFile();

private:
    struct State;
    explicit ForeignFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::contractor
