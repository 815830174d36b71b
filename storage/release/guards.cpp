#include "storage/release/lifecycle.hpp"

#include <algorithm>
#include <array>

namespace sluice::release {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, kGuards> kGuardWords{
    "ready",
    "exception_invalid",
    "no_reason",
    "no_period",
    "form_incomplete",
    "not_personal_rights",
    "no_legal_interest",
    "not_judicial",
    "no_letter_number",
    "period_too_wide",
    "copy_unjustified",
    "undertaking_unsigned",
    "no_form",
    "no_signed_paper",
    "too_late",
    "not_due",
    "nothing_listed",
    "level1_missing",
    "no_police_report",
    "no_letter",
    "external",
    "judicial",
    "is_applicant",
    "is_handler",
    "own_request",
    "no_chain",
    "signed_already",
    "not_next",
    "chain_open",
    "ethics_missing",
    "ethics_objects",
    "given_already",
    "no_opinion_ground",
    "others_open",
    "ground_unknown",
    "footage_held",
    "statutory_secret",
    "investigation",
    "fair_trial",
    "life_safety",
    "third_party",
    "no_reasons",
    "no_refusal_ground",
    "outside_request",
    "grant_empty",
    "consent_in_force",
    "no_slot",
    "no_escort",
    "escort_is_viewer",
    "kind_not_granted",
    "slot_after_grant",
    "grant_expired",
    "escort_absent",
    "viewer_absent",
    "mask_not_rendered",
    "no_session_entry",
    "no_signature",
    "not_attested",
    "receipt_missing",
    "remedy_open",
    "no_appeal_paper",
    "no_outcome",
    "extension_spent",
};
static_assert(static_cast<std::size_t>(Guard::extension_spent) + 1 == kGuards);

}  // namespace

std::string_view to_string(Guard guard) noexcept {
    return kGuardWords.at(static_cast<std::size_t>(guard));
}

std::optional<Guard> guard_from(std::string_view word) noexcept {
    const auto found = std::ranges::find(kGuardWords, word);
    if (found == kGuardWords.end()) return std::nullopt;
    return static_cast<Guard>(found - kGuardWords.begin());
}

}  // namespace sluice::release
