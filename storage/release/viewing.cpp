#include "storage/release/viewing.hpp"

#include <algorithm>
#include <utility>

namespace sluice::release {

std::string_view code_of(Obstacle obstacle) noexcept {
    switch (obstacle) {
        case Obstacle::ended:
            return "VIEWING_ENDED";
        case Obstacle::masked:
            return "MASK_NOT_RENDERED";
        case Obstacle::no_grant:
        case Obstacle::no_slot:
            return "ART7_NOT_APPROVED";
        case Obstacle::no_escort:
            return "ART9_4A_NO_ESCORT";
    }
    std::unreachable();
}

std::optional<Obstacle> find_obstacle(const ViewingFacts& facts, UtcTime now) noexcept {
    if (facts.is_ended) return Obstacle::ended;
    if (facts.is_masked) return Obstacle::masked;
    const bool is_granted = facts.is_view && !facts.is_revoked && facts.is_in_session && now < facts.grant_to;
    if (!is_granted) return Obstacle::no_grant;
    if (!facts.slot.contains(now)) return Obstacle::no_slot;
    const bool is_escorted = facts.joined && *facts.joined <= now && now < facts.presence_to;
    if (!is_escorted) return Obstacle::no_escort;
    return std::nullopt;
}

std::size_t count_listed(std::span<const Microseconds> entries, Microseconds elapsed) noexcept {
    const Microseconds limit = std::max(elapsed, Microseconds{0}) + kListedAhead;
    Microseconds end{0};
    std::size_t count = 0;
    while (count < entries.size() && end + entries[count] <= limit)
        end += entries[count++];
    return count;
}

Charge
charge(std::optional<UtcTime> paid_until, UtcTime now, Microseconds media, Microseconds ahead) noexcept {
    const UtcTime paid = std::max(paid_until.value_or(now), now) + std::max(media, Microseconds{0});
    const Microseconds beyond = paid - now - ahead;
    if (beyond > Microseconds{0}) return {.is_allowed = false, .paid_until = {}, .too_early = beyond};
    return {.is_allowed = true, .paid_until = paid, .too_early = {}};
}

}  // namespace sluice::release
