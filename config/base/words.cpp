#include "config/base/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

template <class Enum, std::size_t Size>
using Table = std::array<std::pair<Enum, std::string_view>, Size>;

constexpr Table<StreamKind, 2> kStreams{{{StreamKind::main, "main"}, {StreamKind::sub, "sub"}}};
constexpr Table<Codec, 2> kCodecs{{{Codec::h264, "h264"}, {Codec::h265, "h265"}}};
constexpr Table<GapCause, 15> kCauses{{
    {GapCause::camera_unreachable, "camera_unreachable"},
    {GapCause::auth_failed, "auth_failed"},
    {GapCause::stream_stalled, "stream_stalled"},
    {GapCause::packet_loss, "packet_loss"},
    {GapCause::waiting_key_frame, "waiting_key_frame"},
    {GapCause::disk_slow, "disk_slow"},
    {GapCause::disk_full, "disk_full"},
    {GapCause::volume_missing, "volume_missing"},
    {GapCause::recorder_crash, "recorder_crash"},
    {GapCause::shutdown, "shutdown"},
    {GapCause::power, "power"},
    {GapCause::clock_step, "clock_step"},
    {GapCause::maintenance, "maintenance"},
    {GapCause::disabled_by_operator, "disabled_by_operator"},
    {GapCause::unknown, "unknown"},
}};
constexpr Table<PowerState, 4> kPowerStates{{
    {PowerState::unknown, "unknown"},
    {PowerState::mains, "mains"},
    {PowerState::battery, "battery"},
    {PowerState::battery_low, "battery_low"},
}};

template <class Enum, std::size_t Size>
constexpr std::string_view word_of(const Table<Enum, Size>& table, Enum value) noexcept {
    const auto found = std::ranges::find(table, value, &std::pair<Enum, std::string_view>::first);
    return found == table.end() ? std::string_view{} : found->second;
}

template <class Enum, std::size_t Size>
constexpr std::optional<Enum> value_of(const Table<Enum, Size>& table, std::string_view word) noexcept {
    const auto found = std::ranges::find(table, word, &std::pair<Enum, std::string_view>::second);
    return found == table.end() ? std::nullopt : std::optional{found->first};
}

}  // namespace

std::string_view to_string(StreamKind kind) noexcept {
    return word_of(kStreams, kind);
}
std::optional<StreamKind> stream_kind_from(std::string_view word) noexcept {
    return value_of(kStreams, word);
}
std::string_view to_string(Codec codec) noexcept {
    return word_of(kCodecs, codec);
}
std::optional<Codec> codec_from(std::string_view word) noexcept {
    return value_of(kCodecs, word);
}
std::string_view to_string(GapCause cause) noexcept {
    return word_of(kCauses, cause);
}
std::optional<GapCause> gap_cause_from(std::string_view word) noexcept {
    return value_of(kCauses, word);
}
std::string_view to_string(PowerState state) noexcept {
    return word_of(kPowerStates, state);
}
std::optional<PowerState> power_state_from(std::string_view word) noexcept {
    return value_of(kPowerStates, word);
}

}  // namespace sluice
