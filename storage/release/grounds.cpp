#include "storage/release/grounds.hpp"

#include <algorithm>

namespace sluice::release {
namespace {

/// The part of `place` that is wanted; empty interval: none.
TimeRange wanted_part(const Place& place, const Area& area) {
    if (place.area.camera_id != area.camera_id) return {area.interval.from, area.interval.from};
    return place.area.interval.clamp(area.interval);
}

bool is_consented(std::span<const Consent> consents, const Place& part, const Wanted& wanted, UtcTime now) {
    return std::ranges::any_of(consents, [&](const Consent& consent) {
        return covers(consent, part, wanted.kind, wanted.recipient, now);
    });
}

}  // namespace

bool has_unknown(std::span<const Finding> findings) {
    return std::ranges::any_of(all_of<Ground, kGrounds>(), [&](Ground ground) {
        const auto found = std::ranges::find(findings, ground, &Finding::ground);
        return found == findings.end() || found->answer == GroundAnswer::unknown;
    });
}

bool covers(
    const Consent& consent,
    const Place& place,
    Kind kind,
    const std::string& recipient,
    UtcTime now
) {
    const TimeRange& asked = place.area.interval;
    return !place.person.empty() && consent.person == place.person &&
           !(consent.withdrawn && *consent.withdrawn <= now) &&
           (!consent.is_minor || !consent.representative.empty()) &&
           std::ranges::find(consent.cameras, place.area.camera_id) != consent.cameras.end() &&
           consent.interval.from <= asked.from && !(consent.interval.to < asked.to) &&
           std::ranges::find(consent.kinds, kind) != consent.kinds.end() && consent.recipient == recipient;
}

std::vector<Blocker> blockers(
    std::span<const Finding> findings,
    std::span<const Consent> consents,
    const Wanted& wanted,
    UtcTime now
) {
    std::vector<Blocker> found;
    for (const Finding& finding : findings) {
        if (finding.answer != GroundAnswer::yes) continue;
        const bool is_privacy = finding.ground == Ground::third_party;
        if (is_privacy && wanted.is_masked) continue;
        if (finding.places.empty()) found.push_back({finding.ground, std::nullopt});
        for (const Place& place : finding.places)
            for (const Area& area : wanted.areas) {
                const Place part{{place.area.camera_id, wanted_part(place, area)}, place.person};
                if (part.area.interval.is_empty()) continue;
                if (is_privacy && is_consented(consents, part, wanted, now)) continue;
                found.push_back({finding.ground, part});
            }
    }
    return found;
}

bool is_inside(std::span<const Area> areas, std::span<const Area> asked) {
    return !areas.empty() && std::ranges::all_of(areas, [&](const Area& area) {
        return !area.interval.is_empty() && std::ranges::any_of(asked, [&](const Area& whole) {
            return whole.camera_id == area.camera_id && whole.interval.from <= area.interval.from &&
                   !(whole.interval.to < area.interval.to);
        });
    });
}

}  // namespace sluice::release
