#pragma once

#include "config/policy/policy.hpp"
#include "storage/release/case.hpp"
#include "storage/release/grounds.hpp"
#include "storage/release/lifecycle.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Articles 8 to 12 over one case: which guards of the life cycle hold. Pure.
namespace sluice::release {

/// Who tries it.
struct Doer {
    Uuid id;
    std::string name;
    std::string unit;
    bool is_secretariats = false;  ///< a person of the secretariat
};

struct SlotWish {
    TimeRange interval;
    Kind kind = Kind::view;
    std::optional<Uuid> escort_id;  ///< a person who may escort
    std::optional<Uuid> viewer_id;  ///< with an account
    std::string viewer;
};

/// Whether this appointment is the one that there is: the same people at the same time for the same.
[[nodiscard]] bool is_same(const Slot& slot, const SlotWish& wish);

/// What is brought along, beside the case as it stands.
struct Attempt {
    RequestAction action = RequestAction::submit;
    std::string listed;  ///< return: what is missing
    bool is_letter_verified = false;
    Stance stance = Stance::agree;
    std::string ground;                        ///< of an opinion
    std::string reasons;                       ///< of a decision, a revocation, a re-opening
    std::vector<std::string> refusal_grounds;  ///< codes
    std::vector<Area> areas;                   ///< of a decision; empty: all that was asked for
    bool is_masked = false;
    bool is_grant_empty = false;  ///< a camera has no frame inside
    bool is_footage_held = true;  ///< answer_not_held: the catalogue has some
    std::optional<SlotWish> slot;
    bool is_escort_present = false;
    bool is_viewer_present = false;
    bool is_mask_rendered = false;
    bool is_attested = false;
    bool is_receipt_missing = false;
};

struct Circumstances {
    UtcTime now;
    policy::RequestPolicy policy;           ///< the case's own version, once it is accepted
    std::optional<UtcTime> remedy_until{};  ///< end of the time to appeal against the last decision
    unsigned extension_days = 0;            ///< by so many a decision may be put off; 0: not at all
};

[[nodiscard]] bool holds(
    Guard guard,
    Part part,
    const Case& request,
    const Attempt& attempt,
    const Doer& doer,
    const Circumstances& circumstances
);

/// What the attempt comes to: `step` with the guards above.
[[nodiscard]] Verdict judge(
    const Case& request,
    const Attempt& attempt,
    const Doer& doer,
    std::span<const Part> parts,
    const Circumstances& circumstances
);

/// Article 12: the case has an exception that sets this rule aside. It can never lift 10(1), 10(2), and no
/// rule that is no gate of the form or of article 9.
[[nodiscard]] bool is_lifted(const Case& request, std::string_view code);

/// What a decision would give out.
[[nodiscard]] Wanted wanted_of(const Case& request, const Attempt& attempt);

/// Codes of the grounds of article 10 that the worksheet has found: what a decision in part leaves out rests
/// on them. In the order of the worksheet.
[[nodiscard]] std::vector<std::string_view> found_grounds(const Case& request);

/// Days to the decision, and by how many it may be put off once.
struct DecisionTime {
    unsigned days = 0;
    unsigned extension_days = 0;  ///< 0: not at all
    friend bool operator==(const DecisionTime&, const DecisionTime&) = default;
};
/// By the act that the request rests on: archives have one time, longer and final.
[[nodiscard]] DecisionTime decision_time(Basis basis, const policy::Deadlines& deadlines);

/// Whether the consents that count at `now` still lift 10(3) for all that the grant in force gives out. True
/// also when there is no grant.
[[nodiscard]] bool is_grant_covered(const Case& request, UtcTime now);

/// ART9_4C_RECORD_FLOOR_1Y: until when records of a case that ended at `closed` are kept at least.
[[nodiscard]] UtcTime records_until(UtcTime closed, const policy::RequestPolicy& policy);
/// Whether the papers of a case may be destroyed now. The code of what stands against it: REQUEST_STATE (it
/// is not closed), ART9_4C_RECORD_FLOOR_1Y; empty: nothing.
[[nodiscard]] std::string_view
check_destroying(const Case& request, const policy::RequestPolicy& policy, UtcTime now);

}  // namespace sluice::release
