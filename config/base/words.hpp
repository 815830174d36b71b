#pragma once

#include <optional>
#include <string_view>

/// Closed sets of words that files, rows and answers share. Their spelling is part of every format: never
/// change one.
namespace sluice {

enum class StreamKind { main, sub };
[[nodiscard]] std::string_view to_string(StreamKind kind) noexcept;
[[nodiscard]] std::optional<StreamKind> stream_kind_from(std::string_view word) noexcept;

enum class Codec { h264, h265 };
[[nodiscard]] std::string_view to_string(Codec codec) noexcept;
[[nodiscard]] std::optional<Codec> codec_from(std::string_view word) noexcept;

/// Why footage is missing. `unknown` counts as unexplained.
enum class GapCause {
    camera_unreachable,
    auth_failed,
    stream_stalled,
    packet_loss,
    waiting_key_frame,
    disk_slow,
    disk_full,
    volume_missing,
    recorder_crash,
    shutdown,
    power,
    clock_step,
    maintenance,
    disabled_by_operator,
    unknown,
};
[[nodiscard]] std::string_view to_string(GapCause cause) noexcept;
[[nodiscard]] std::optional<GapCause> gap_cause_from(std::string_view word) noexcept;

/// What feeds the machine, as its UPS says; `unknown` when nobody can be asked.
enum class PowerState { unknown, mains, battery, battery_low };
[[nodiscard]] std::string_view to_string(PowerState state) noexcept;
[[nodiscard]] std::optional<PowerState> power_state_from(std::string_view word) noexcept;

}  // namespace sluice
