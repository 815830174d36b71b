#pragma once

#include "storage/mp4/nal.hpp"
#include "storage/mp4/types.hpp"
#include "storage/mp4/write.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Real encoded video for tests: ffmpeg encodes a moving test picture once per set of parameters; the file is
/// kept in the temporary folder and shared by every test program.
namespace sluice::test {

struct MediaParameters {
    Codec codec = Codec::h264;
    unsigned width = 320;
    unsigned height = 180;
    unsigned fps = 25;
    unsigned gop = 25;      ///< frames from key to key, closed
    unsigned b_frames = 0;  ///< in a row
    unsigned seconds = 4;
    /// I7: every key frame carries its sets. False: as some cameras send, sets in the SDP only.
    bool has_sets_in_band = true;
    std::string encoder_options{
    };  ///< more of x264-params or x265-params, "profile=baseline:…" is not among them
    std::string profile{};  ///< -profile:v; empty: the encoder's choice
};

/// One access unit in decode order.
struct AccessUnitBytes {
    Bytes bytes;           ///< NAL units with 4-byte lengths
    std::int64_t pts = 0;  ///< 90 kHz; the first dts is 0
    std::int64_t dts = 0;
    bool is_key = false;
};

struct Media {
    MediaParameters parameters;
    mp4::ParameterSets sets;
    mp4::VideoFormat format;
    Bytes original_decoder_config;  ///< as FFmpeg's muxer wrote it
    std::vector<AccessUnitBytes> units;
};

/// Throws std::runtime_error when ffmpeg is missing or fails.
[[nodiscard]] Media make_media(const MediaParameters& parameters);

/// The same NAL units behind start codes of four bytes.
[[nodiscard]] Bytes to_annex_b(ByteView length_prefixed);

/// The units as samples of a file: the duration of each reaches to the next one's dts; the last repeats its
/// forerunner's.
[[nodiscard]] std::vector<mp4::SampleData> to_samples(const Media& media);

/// What ffprobe and `ffmpeg -xerror` say of a file.
struct Verdict {
    std::string errors;        ///< everything either of them complained about; empty: a sound file
    std::uint64_t frames = 0;  ///< decoded
    bool has_monotone_dts = false;
    double duration_seconds = 0;  ///< from the first packet's pts to the end of the last, as ffprobe sees it
};
[[nodiscard]] Verdict judge(const std::filesystem::path& file);

/// One line a frame from ffmpeg's framemd5: hash of each decoded picture in output order.
[[nodiscard]] std::vector<std::string> picture_hashes(const std::filesystem::path& file);

}  // namespace sluice::test
