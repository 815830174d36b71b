#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// `recorder-status.json` in <data>/run/: what the recorder says of itself, replaced every second. Health,
/// /readyz and /metrics read it, so they work without the database; its age tells whether the recorder lives.
namespace sluice::status {

enum class StreamState {
    disabled,
    connecting,
    waiting_key_frame,
    recording,
    stalled,
    unreachable,
    auth_failed,
    stopped
};
[[nodiscard]] std::string_view to_string(StreamState state) noexcept;
[[nodiscard]] std::optional<StreamState> stream_state_from(std::string_view word) noexcept;

struct StreamStatus {
    std::string camera_slug;
    StreamKind stream = StreamKind::main;
    Uuid stream_id;
    StreamState state = StreamState::connecting;
    std::string detail;  ///< last error in plain words, without credentials
    std::optional<UtcTime> last_packet;
    double bitrate_bps = 0;  ///< over the last ten seconds
    double frame_rate = 0;   ///< measured, over the last ten seconds
    std::uint64_t packets_lost = 0;
    std::uint64_t frames = 0;  ///< access units recorded since the recorder's start
    std::uint64_t bytes = 0;
    std::uint64_t frames_dropped = 0;  ///< whole GOPs given up because the disk was slow
    std::uint64_t reconnects = 0;
    std::optional<std::int64_t> clock_offset_us;  ///< camera's clock minus ours, from RTCP
    std::optional<Uuid> segment_id;               ///< being written
    std::optional<Uuid> run_id;
    friend bool operator==(const StreamStatus&, const StreamStatus&) = default;
};

struct VolumeStatus {
    std::filesystem::path path;
    Uuid volume_id;
    bool is_writable = false;
    std::string problem;  ///< empty, or why nothing is written there
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;
    std::int64_t longest_sync_us = 0;   ///< in the last minute
    std::int64_t longest_write_us = 0;  ///< in the last minute
    friend bool operator==(const VolumeStatus&, const VolumeStatus&) = default;
};

struct UpsStatus {
    std::string slug;
    PowerState state = PowerState::unknown;
    bool feeds_recorder = false;
    bool feeds_locks = false;
    UtcTime since{};                 ///< of the state
    std::optional<UtcTime> heard{};  ///< last good answer
    std::optional<double> charge_percent{};
    std::optional<std::uint64_t> runtime_s{};  ///< what the battery still gives
    std::string words{};                       ///< the UPS's own: "OL", "OB LB"
    std::string problem{};                     ///< empty, or why nobody can be asked
    friend bool operator==(const UpsStatus&, const UpsStatus&) = default;
};

struct RecorderStatus {
    UtcTime written;
    UtcTime started;
    std::int64_t pid = 0;
    std::string version;
    Uuid installation_id;
    /// Longest time in the last minute from a fragment's closing to its write's return.
    std::int64_t write_lag_us = 0;
    std::int64_t recent_write_lag_us =
        0;  ///< likewise of the last three seconds: what a purge paces itself by
    bool database_connected = false;
    std::uint64_t catalogue_backlog = 0;  ///< segments and journal lines that wait for the database
    std::optional<bool> clock_synchronised;
    std::uint64_t durability_window_ms = 0;  ///< as it is kept now, shorter on battery; 0: not said
    std::vector<UpsStatus> ups;
    std::vector<StreamStatus> streams;
    std::vector<VolumeStatus> volumes;
    friend bool operator==(const RecorderStatus&, const RecorderStatus&) = default;
};

[[nodiscard]] std::string to_json(const RecorderStatus& status);
/// Error: retry, for a text that is no status.
[[nodiscard]] Result<RecorderStatus> from_json(std::string_view text);
/// Error: retry, when it is missing or unreadable.
[[nodiscard]] Result<RecorderStatus> load(const std::filesystem::path& file);
/// <data>/run/recorder-status.json
[[nodiscard]] std::filesystem::path status_path(const std::filesystem::path& data);

}  // namespace sluice::status
