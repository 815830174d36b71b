#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/mp4/index.hpp"
#include "storage/mp4/types.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Rows of the catalogue as values.
namespace sluice::catalogue {

struct VolumeRow {
    Uuid id;
    Uuid installation_id;
    std::filesystem::path path;
};

struct RecorderRow {
    Uuid id;
    Uuid installation_id;
    std::string slug;
    std::string name;
    std::string vendor;
};

struct CameraRow {
    Uuid id;
    Uuid recorder_id;
    std::string recorder_slug;  ///< filled by reads
    std::string slug;
    std::string name;
    int channel = 0;
    std::vector<std::string> tags;
    std::string zone;
    std::string owner;
    bool is_enabled = true;
    std::optional<UtcTime> retired;  ///< left the configuration at this time; its footage stays
};

struct StreamRow {
    Uuid id;
    Uuid camera_id;
    StreamKind kind = StreamKind::main;
};

struct RunRow {
    Uuid id;
    Uuid stream_id;
    UtcTime from;
    std::optional<UtcTime> to;
    std::optional<GapCause> end_cause;
    std::optional<bool> clock_synchronised;
    double measured_fps = 0;
    double media_rate = 0;
    bool is_overlapping = false;  ///< shares time with another run of the stream (clock step): legal, flagged
};

struct GapRow {
    Uuid id;
    Uuid stream_id;
    UtcTime from;
    std::optional<UtcTime> to;  ///< nullopt: still open
    GapCause cause = GapCause::unknown;
    std::string detail;
};

enum class SegmentState { open, finished, suspect };
[[nodiscard]] std::string_view to_string(SegmentState state) noexcept;

struct SegmentRow {
    Uuid id;
    Uuid stream_id;
    Uuid run_id;
    Uuid volume_id;
    std::uint32_t sequence = 0;
    SegmentState state = SegmentState::open;
    std::filesystem::path path;  ///< relative to the volume; of the .part while open
    TimeRange range;             ///< `to` is durable_to while open
    std::uint64_t bytes = 0;     ///< durable_bytes while open
    std::optional<Sha256Digest> sha256;
    Uuid format_id;       ///< of the parameter set, see FormatRow
    mp4::IndexSums sums;  ///< zero while open
    bool is_damaged = false;
};

/// One decoder configuration, stored once and shared by the segments that use it.
struct FormatRow {
    Uuid id;  ///< first 16 bytes of the SHA-256 of codec, size and configuration: the same everywhere
    mp4::VideoFormat format;
};
[[nodiscard]] Uuid format_id(const mp4::VideoFormat& format);

/// Where the counting of a stream's HLS segments stands: of the first one of a file.
struct LiveMarkRow {
    Uuid file_id;
    std::uint64_t number = 0;
    std::uint64_t discontinuities = 0;
    friend bool operator==(const LiveMarkRow&, const LiveMarkRow&) = default;
};

/// A browser session that is over.
struct EndedSession {
    Uuid id;
    std::string principal;  ///< name
    UtcTime ended;
    std::string reason;  ///< closed, idle, expired, token_invalid
};

enum class PrincipalKind { person, machine, system };

struct PrincipalRow {
    Uuid id;
    PrincipalKind kind = PrincipalKind::machine;
    std::string name;
    std::vector<std::string> roles;
    UtcTime valid_from;
    std::optional<UtcTime> valid_to;
    bool has_second_factor = false;  ///< of the session that was asked for
};

}  // namespace sluice::catalogue
