#pragma once

#include "storage/release/words.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string_view>

/// The life cycle of a request as a table: state, action, part and guard give the next state or the code of
/// what stands against it. What is in no row is refused. tests/data/lifecycle.csv holds the same, written by
/// hand.
namespace sluice::release {

/// Facts about a case and an attempt, each true or not. In a row: the row counts when its guard holds;
/// `ready` always does.
enum class Guard {
    ready,
    // the form
    exception_invalid,
    no_reason,
    no_period,
    form_incomplete,
    not_personal_rights,
    no_legal_interest,
    not_judicial,
    no_letter_number,
    period_too_wide,
    copy_unjustified,
    undertaking_unsigned,
    no_form,
    no_signed_paper,
    too_late,
    not_due,
    // acceptance
    nothing_listed,
    level1_missing,
    no_police_report,
    no_letter,
    external,
    judicial,
    // persons and chains
    is_applicant,
    is_handler,
    own_request,
    no_chain,
    signed_already,
    not_next,
    chain_open,
    ethics_missing,
    ethics_objects,
    given_already,
    no_opinion_ground,
    others_open,
    // screening and decision
    ground_unknown,
    footage_held,
    statutory_secret,
    investigation,
    fair_trial,
    life_safety,
    third_party,
    no_reasons,
    no_refusal_ground,
    outside_request,
    grant_empty,
    consent_in_force,
    // viewing, copying, end
    no_slot,
    no_escort,
    escort_is_viewer,
    kind_not_granted,
    slot_after_grant,
    grant_expired,
    escort_absent,
    viewer_absent,
    mask_not_rendered,
    no_session_entry,
    no_signature,
    not_attested,
    receipt_missing,
    remedy_open,
    no_appeal_paper,
    no_outcome,
    extension_spent,
};
inline constexpr std::size_t kGuards = 63;
[[nodiscard]] std::string_view to_string(Guard guard) noexcept;
[[nodiscard]] std::optional<Guard> guard_from(std::string_view word) noexcept;

struct Transition {
    RequestState state;
    RequestAction action;
    Part part;
    Guard guard;
    std::optional<RequestState> next;
    std::string_view code;  ///< of the refusal; empty when there is a next state
    std::string_view article;
};
/// All rows; those of one state, action and part stand together in the order in which they count.
[[nodiscard]] std::span<const Transition> transitions();

struct Verdict {
    std::optional<RequestState> next;  ///< nullopt: refused
    Part part = Part::applicant;       ///< as which it is done, or was tried
    std::string_view code;             ///< of the refusal, see codes.hpp
    std::string_view article;
};

/// Whether a guard holds when it is tried as this part.
using Holds = std::function<bool(Guard, Part)>;

/// What comes of an action that somebody tries who is `parts` in this case: the first part that may goes;
/// otherwise the first one's refusal. REQUEST_STATE: nobody does that in this state. ROLE_NOT_ALLOWED: others
/// do.
[[nodiscard]] Verdict
step(RequestState state, RequestAction action, std::span<const Part> parts, const Holds& holds);

/// The line of the register that a step ends an accepted case with. An answer that an appeal was against and
/// left standing has its line already, but for a grant in part: what that one refused is entered when the
/// appeal has failed. `appealed`: what the last appeal was against. nullopt: the step enters none.
[[nodiscard]] std::optional<Entry> closing_entry(RequestAction action, std::optional<RequestState> appealed);

}  // namespace sluice::release
