#pragma once

#include "storage/release/case.hpp"

#include <span>
#include <string>
#include <vector>

/// Article 10: what stands against giving out footage, and what lifts it. Pure.
namespace sluice::release {

/// What would be given out, and to whom.
struct Wanted {
    std::vector<Area> areas;
    Kind kind = Kind::view;
    std::string recipient;
    /// It would be shown masked. Against 10(3) only: it is then recorded, and opens nothing before a masked
    /// rendering with its own hash is there.
    bool is_masked = false;
};

/// A ground that holds for a part of what is wanted.
struct Blocker {
    Ground ground = Ground::statutory_secret;
    std::optional<Place> place;  ///< nullopt: everywhere
    friend bool operator==(const Blocker&, const Blocker&) = default;
};

/// A ground that is answered `unknown`, or not answered at all, blocks every decision to give out.
[[nodiscard]] bool has_unknown(std::span<const Finding> findings);

/// A minor's is the legal representative's; one that was withdrawn by `now` counts no more. Scope: cameras,
/// interval, kind, recipient.
[[nodiscard]] bool
covers(const Consent& consent, const Place& place, Kind kind, const std::string& recipient, UtcTime now);

/// 10(1) and 10(2): nothing lifts them but leaving the part out. 10(3): lifted where the consent of the
/// affected person covers the part that is wanted, or by masking. By ground, as the worksheet has them.
[[nodiscard]] std::vector<Blocker> blockers(
    std::span<const Finding> findings,
    std::span<const Consent> consents,
    const Wanted& wanted,
    UtcTime now
);

/// Whether every area lies in what was asked for.
[[nodiscard]] bool is_inside(std::span<const Area> areas, std::span<const Area> asked);

}  // namespace sluice::release
