#pragma once

#include "api/body.hpp"
#include "config/policy/policy.hpp"
#include "storage/catalogue/hold_copy_repository.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

/// The rules of placing, extending and releasing holds, as pure functions.
namespace sluice::api {

/// What a request asks to be kept. Cameras are still slugs.
struct HoldRequest {
    catalogue::HoldKind kind = catalogue::HoldKind::flag;
    std::vector<std::string> cameras;  ///< at least one, none twice
    TimeRange range;
    std::string reason;
    std::string legal_basis;
    std::string custodian;
    std::optional<UtcTime> review;
    std::optional<UtcTime> expires;
    std::optional<Uuid> owner_id;  ///< of the incident or duty period; exactly with these kinds
};
inline const std::vector<std::string> kHoldMembers{
    "kind",
    "camera",
    "cameras",
    "from",
    "to",
    "reason",
    "legal_basis",
    "custodian",
    "review",
    "expires",
    "owner"
};

/// Form first, then the guards: INTERVAL_REVERSED, HOLD_OWNER_MISSING for kinds that requests and cases place
/// themselves, and for one of an incident or duty period that doesn't name it, HOLD_LEGAL_BASIS,
/// HOLD_CUSTODIAN (7(4)), HOLD_REVIEW_PAST, HOLD_EXPIRY_PAST and, but for legal and judicial ones,
/// RET_CEILING_1Y: an expiry after the day on which the interval's first footage must be gone. Left out, it
/// ends then.
[[nodiscard]] std::expected<HoldRequest, http::Problem>
parse_hold(const Body& body, const policy::Policy& policy, UtcTime now);

/// What a PATCH asks for: new ends, and why.
struct HoldExtension {
    std::optional<UtcTime> expires;
    std::optional<UtcTime> review;
    std::string reason;
};
inline const std::vector<std::string> kExtensionMembers{"expires", "review", "reason"};
/// As above for an active hold; an expiry is only put off, never brought forward: HOLD_EXPIRY_EARLIER. 409
/// HOLD_ENDED.
[[nodiscard]] std::expected<HoldExtension, http::Problem>
parse_extension(const Body& body, const catalogue::HoldRow& hold, const policy::Policy& policy, UtcTime now);

/// What it belongs to: kind, id, name.
[[nodiscard]] std::string owner_json(const catalogue::HoldRow& hold);
/// One JSON object. `impact`, `copies`: nullptr leaves it out.
[[nodiscard]] std::string hold_json(
    const catalogue::HoldRow& hold,
    const catalogue::HoldImpact* impact,
    const catalogue::HoldCopies* copies,
    UtcTime now
);

}  // namespace sluice::api
