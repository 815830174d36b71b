#include "storage/access/event.hpp"

#include <algorithm>
#include <array>

namespace sluice::access {
namespace {

constexpr std::chrono::hours kMostAhead{24};
constexpr std::chrono::hours kMostBehind{24 * 366};

// In the order of the glossary. Their spelling is stored and never changes.
constexpr auto kCodes = std::to_array<std::string_view>({
    "access.granted",
    "access.granted_anonymous",
    "access.denied.unknown_credential",
    "access.denied.not_permitted_time",
    "access.denied.unauthorized",
    "access.denied.expired",
    "access.denied.disabled",
    "access.denied.pin",
    "access.denied.antipassback",
    "access.denied.interlock",
    "access.denied.door_mode",
    "access.denied.multi",
    "access.duress",
    "access.unknown",
    "door.opened",
    "door.closed",
    "door.rex",
    "door.forced_open",
    "door.held_open",
    "door.mode_changed",
    "door.lockdown",
    "door.lock_state",
    "door.lock_fault",
    "door.tamper",
    "door.remote_open",
    "door.emergency_open",
    "door.fire_release",
    "acs.controller_offline",
    "acs.controller_online",
    "acs.controller_restart",
    "acs.clock_changed",
    "acs.gap",
    "power.on_battery",
    "power.battery_low",
    "power.restored",
    "power.unknown",
    "policy.entry_not_main_door",
    "policy.after_hours_unlocked",
    "policy.rear_door_open",
    "recorder.login",
    "recorder.playback",
    "recorder.export",
    "recorder.login_failed",
    "recorder.storage_missing",
    "recorder.storage_failed",
    "recorder.storage_low",
    "recorder.clock_changed",
    "recorder.clock_off",
    "recorder.title_drift",
    "recorder.no_picture",
    "recorder.gap",
    "camera.video_loss",
    "camera.blind",
    "camera.line_crossed",
    "camera.region_entered",
    "camera.object_left",
    "camera.object_taken",
});

struct DirectionWord {
    Direction direction;
    std::string_view word;
};
constexpr std::array kDirections{
    DirectionWord{Direction::unknown, "unknown"},
    DirectionWord{Direction::in, "in"},
    DirectionWord{Direction::out, "out"},
};

/// Parts with their lengths before them: no two lists of parts give the same bytes.
class Parts {
public:
    void add(std::string_view text) {
        hash_.update(as_bytes(std::to_string(text.size()) + ':'));
        hash_.update(as_bytes(text));
    }
    void add(std::optional<UtcTime> at) { add(at ? std::to_string(to_epoch_us(*at)) : std::string{}); }
    [[nodiscard]] Sha256Digest digest() const { return hash_.digest(); }

private:
    Sha256 hash_;
};

}  // namespace

std::string_view to_string(Direction direction) noexcept {
    return std::ranges::find(kDirections, direction, &DirectionWord::direction)->word;
}

std::optional<Direction> direction_from(std::string_view word) noexcept {
    const auto* found = std::ranges::find(kDirections, word, &DirectionWord::word);
    if (found == kDirections.end()) return std::nullopt;
    return found->direction;
}

bool is_code(std::string_view code) noexcept {
    return std::ranges::find(kCodes, code) != kCodes.end();
}

std::span<const std::string_view> all_codes() noexcept {
    return kCodes;
}

std::string_view category_of(std::string_view code) noexcept {
    return code.substr(0, code.find('.'));
}

bool is_time_plausible(UtcTime device_time, UtcTime received) noexcept {
    return device_time < received + kMostAhead && received - kMostBehind < device_time;
}

UtcTime time_of(const Event& event) noexcept {
    if (event.device_time && is_time_plausible(*event.device_time, event.received)) return *event.device_time;
    return event.received;
}

Uuid id_of(std::string_view source, std::string_view id) {
    Parts parts;
    parts.add(source);
    parts.add(id);
    const Sha256Digest hash = parts.digest();
    Uuid made;
    std::copy_n(hash.begin(), made.bytes.size(), made.bytes.begin());
    made.bytes[6] = static_cast<std::uint8_t>((made.bytes[6] & 0x0FU) | 0x80U);  // RFC 9562 §5.8: version 8
    made.bytes[8] = static_cast<std::uint8_t>((made.bytes[8] & 0x3FU) | 0x80U);
    return made;
}

Sha256Digest digest_of(const Event& event) {
    Parts parts;
    parts.add(event.source);
    parts.add(event.id);
    parts.add(event.code);
    parts.add(event.device_time);
    parts.add(event.door);
    parts.add(event.reader);
    parts.add(to_string(event.direction));
    parts.add(event.card ? as_text(event.card->hmac) : std::string_view{});
    parts.add(event.person_category);
    parts.add(event.unit);
    parts.add(event.index ? std::to_string(*event.index) : std::string{});
    parts.add(event.clip ? event.clip->camera : std::string{});
    parts.add(event.clip ? std::optional{event.clip->range.from} : std::nullopt);
    parts.add(event.clip ? std::optional{event.clip->range.to} : std::nullopt);
    parts.add(event.data);
    return parts.digest();
}

}  // namespace sluice::access
