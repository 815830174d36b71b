#pragma once

#include "config/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

/// When a viewing session plays, and how fast: pure rules, the clock is passed in.
namespace sluice::release {

/// What stands between a session and playing. The order is that in which they are asked.
enum class Obstacle {
    ended,      ///< the session is over
    masked,     ///< art. 10(3): the mask of the decision has no rendering
    no_grant,   ///< art. 7: no decision in force, or not to view
    no_slot,    ///< the appointment has not begun, or is over
    no_escort,  ///< art. 9(4): nobody escorts, the viewer has not come, or presence was not renewed
};
/// The stable code of a refusal.
[[nodiscard]] std::string_view code_of(Obstacle obstacle) noexcept;

/// A session as the catalogue holds it.
struct ViewingFacts {
    bool is_view = true;  ///< the grant's kind
    bool is_masked = false;
    bool is_revoked = false;
    bool is_in_session = true;  ///< the request's state
    UtcTime grant_to;
    TimeRange slot;
    std::optional<UtcTime> joined;  ///< by the viewer, after the escort
    UtcTime presence_to;            ///< as the escort renewed it last
    bool is_ended = false;
};
/// nullopt: it plays at `now`.
[[nodiscard]] std::optional<Obstacle> find_obstacle(const ViewingFacts& facts, UtcTime now) noexcept;

/// A playlist lists so much more than the clock has passed: two segments, so that a player never starves.
/// Less than what may be fetched ahead, so that seeking is possible while some was fetched already.
inline constexpr Microseconds kListedAhead = std::chrono::seconds{12};

/// How many of the entries, whose lengths are given, a playlist has listed `elapsed` after its begin.
[[nodiscard]] std::size_t count_listed(std::span<const Microseconds> entries, Microseconds elapsed) noexcept;

/// Media that was given out is paid for by the clock: `paid_until` is the time up to which it lasts when it
/// is shown without a pause, over all playlists of a camera, so seeking gains nothing.
struct Charge {
    bool is_allowed = false;
    UtcTime paid_until;        ///< with this media, when it is allowed
    Microseconds too_early{};  ///< when it is not: how long until it is
};
/// Never more than `ahead` of media is out beyond what the clock has passed.
[[nodiscard]] Charge
charge(std::optional<UtcTime> paid_until, UtcTime now, Microseconds media, Microseconds ahead) noexcept;

}  // namespace sluice::release
