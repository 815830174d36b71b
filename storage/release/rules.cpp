#include "storage/release/rules.hpp"

#include "storage/release/chain.hpp"
#include "storage/release/codes.hpp"

#include <algorithm>
#include <array>

namespace sluice::release {
namespace {

using enum Guard;

struct Look {
    const Case& request;
    const Attempt& attempt;
    const Doer& doer;
    const Circumstances& circumstances;
    Part part;
};

bool is_copy_unjustified(const Look& look) {
    return look.request.kind == Kind::copy && look.request.form.necessity.empty();
}

bool is_exception_invalid(const Case& request) {
    const Form& form = request.form;
    if (form.exception_lifts.empty()) return false;
    const auto may_be_lifted = [](const std::string& code) {
        const CodeRow* row = find_code(code);
        return row != nullptr && row->may_be_lifted;
    };
    return form.exception_document.empty() || !request.has(EvidenceKind::exception_document) ||
           !std::ranges::all_of(form.exception_lifts, may_be_lifted);
}

bool is_form_incomplete(const Case& request) {
    const Form& form = request.form;
    return request.applicant.empty() || request.unit.empty() || request.cameras.empty() ||
           (form.extension.empty() && form.phone.empty());
}

bool is_lacking_in_form(Guard guard, const Look& look) {
    const Case& request = look.request;
    const Form& form = request.form;
    const auto stands = [&](bool fault, std::string_view code) { return fault && !is_lifted(request, code); };
    switch (guard) {
        case exception_invalid:
            return is_exception_invalid(request);
        case no_reason:
            return form.reason.empty();
        case no_period:
            return !request.interval || request.interval->is_empty();
        case form_incomplete:
            return is_form_incomplete(request);
        case not_personal_rights:
            return request.channel == Channel::internal &&
                   stands(form.purpose != Purpose::personal_rights, "ART9_1A_NOT_PERSONAL_RIGHTS");
        case no_legal_interest:
            return request.channel == Channel::external &&
                   stands(form.legal_interest.empty(), "ART9_2A_NO_LEGAL_INTEREST");
        case not_judicial:
            return request.channel == Channel::judicial && form.authority != Authority::court &&
                   form.authority != Authority::prosecutor && form.statute.empty();
        case no_letter_number:
            return request.channel == Channel::judicial &&
                   (form.letter_number.empty() || form.letter_date.empty());
        case period_too_wide: {
            const auto longest = std::chrono::hours{look.circumstances.policy.longest_period_hours};
            return stands(request.interval && request.interval->length() > longest, "FORM_PERIOD_TOO_WIDE");
        }
        case copy_unjustified:
            return stands(is_copy_unjustified(look), "FORM_VIEW_PREFERRED");
        case undertaking_unsigned:
            return request.channel != Channel::judicial && !form.is_undertaken;
        case no_form:
            return request.channel != Channel::judicial && !request.applicant_id &&
                   !request.has(EvidenceKind::undertaking);
        default:
            return false;
    }
}

/// Papers and times.
bool is_out_of_order(Guard guard, const Look& look) {
    const Case& request = look.request;
    switch (guard) {
        case no_signed_paper:
            // A paper of this step, not one of an earlier.
            return !request.has(EvidenceKind::signed_paper, request.since);
        case no_appeal_paper:
            return !request.has(EvidenceKind::appeal, request.since);
        case no_outcome:
            return !request.has(EvidenceKind::outcome, request.since);
        case too_late: {
            const bool is_appeal = look.attempt.action == RequestAction::appeal;
            const auto& end = is_appeal ? look.circumstances.remedy_until : request.due;
            return end && look.circumstances.now >= *end;
        }
        case not_due:
            return !request.due || look.circumstances.now < *request.due;
        case remedy_open: {
            const auto& end = look.circumstances.remedy_until;
            return !end || look.circumstances.now < *end;
        }
        case extension_spent:
            return request.extended || look.circumstances.extension_days == 0;
        case nothing_listed:
            return look.attempt.listed.empty();
        case level1_missing: {
            const auto open = open_seats(request, Chain::a, look.circumstances.policy);
            return !open.empty();
        }
        case no_police_report:
            return request.channel == Channel::external && !is_lifted(request, "ART9_2B_NO_POLICE_REPORT") &&
                   !request.has(EvidenceKind::police_report_form) &&
                   !request.has(EvidenceKind::police_report_certificate);
        case no_letter:
            return request.channel == Channel::judicial &&
                   (!request.has(EvidenceKind::official_letter) || !look.attempt.is_letter_verified);
        case external:
            return request.channel == Channel::external;
        case judicial:
            return request.channel == Channel::judicial;
        default:
            return false;
    }
}

const Opinion* find_opinion(const Case& request, Part part, const std::string& unit) {
    const auto found = std::ranges::find_if(request.opinions, [&](const Opinion& opinion) {
        return opinion.round == request.round_b && opinion.part == part && opinion.unit == unit;
    });
    return found == request.opinions.end() ? nullptr : &*found;
}

/// Whether an office that was asked has not answered, the one that is answering left out.
bool are_others_open(const Look& look) {
    const Case& request = look.request;
    const auto is_open = [&](Part part, const std::string& unit) {
        const bool is_mine = part == look.part && (part != Part::consulted || unit == look.doer.unit);
        return !is_mine && find_opinion(request, part, unit) == nullptr;
    };
    return is_open(Part::ethics, {}) ||
           std::ranges::any_of(request.asked_units, [&](const std::string& unit) {
               return is_open(Part::consulted, unit);
           });
}

bool is_open_before_consulting(const ChainSeat& seat) {
    return seat.part != Part::ethics && seat.part != Part::consulted;
}

/// Persons and chains.
bool is_wrong_person(Guard guard, const Look& look) {
    const Case& request = look.request;
    const bool is_submitted = request.state == RequestState::submitted;
    const Chain chain = is_submitted ? Chain::a : Chain::b;
    const std::string unit = look.part == Part::consulted ? look.doer.unit : std::string{};
    const auto open = [&] { return open_seats(request, Chain::b, look.circumstances.policy); };
    switch (guard) {
        case is_applicant:
            return request.applicant_id == look.doer.id;
        case is_handler:
            return request.handler_id == look.doer.id;
        case own_request:
            return request.form.is_secretariats && look.doer.is_secretariats;
        case no_chain:
            return seats_of(request, chain, look.circumstances.policy).empty();
        case signed_already:
            return has_signed(request, chain, look.doer.id);
        case not_next:
            return !is_next(request, chain, look.circumstances.policy, look.part, unit);
        case chain_open:
            return std::ranges::any_of(open(), is_open_before_consulting);
        case ethics_missing:
            return !open().empty();
        case ethics_objects: {
            const Opinion* opinion = find_opinion(request, Part::ethics, {});
            return opinion != nullptr && opinion->stance == Stance::object;
        }
        case given_already:
            return find_opinion(request, look.part, unit) != nullptr;
        case no_opinion_ground:
            return look.attempt.stance == Stance::object && look.attempt.ground.empty();
        case others_open:
            return are_others_open(look);
        default:
            return false;
    }
}

bool is_blocked_by(Ground ground, const Look& look) {
    const Case& request = look.request;
    const auto found = blockers(
        request.findings, request.consents, wanted_of(request, look.attempt), look.circumstances.now
    );
    return std::ranges::find(found, ground, &Blocker::ground) != found.end();
}

bool is_consent_in_force(const Case& request) {
    return std::ranges::none_of(request.consents, [&](const Consent& consent) {
        return consent.withdrawn && request.decided && *consent.withdrawn >= *request.decided;
    });
}

struct GroundCode {
    std::string_view code;
    Ground ground;
};
constexpr std::array<GroundCode, kGrounds> kGroundCodes{{
    {"ART10_1_STATUTORY_SECRET", Ground::statutory_secret},
    {"ART10_2A_INVESTIGATION", Ground::investigation},
    {"ART10_2B_FAIR_TRIAL", Ground::fair_trial},
    {"ART10_2C_LIFE_SAFETY", Ground::life_safety},
    {"ART10_3_THIRD_PARTY_PRIVACY", Ground::third_party},
}};

/// A decision refuses on a ground of article 9 or 10, and on one of article 10 only when the worksheet has
/// found it.
bool may_refuse_on(const std::string& code, const Case& request) {
    const CodeRow* row = find_code(code);
    if (row == nullptr || !row->is_refusal_ground) return false;
    if (std::ranges::find(kGroundCodes, code, &GroundCode::code) == kGroundCodes.end()) return true;
    const auto found = found_grounds(request);
    return std::ranges::find(found, code) != found.end();
}

/// Screening and decision.
bool is_undecidable(Guard guard, const Look& look) {
    const Case& request = look.request;
    switch (guard) {
        case ground_unknown:
            return has_unknown(request.findings);
        case footage_held:
            return look.attempt.is_footage_held;
        case statutory_secret:
            return is_blocked_by(Ground::statutory_secret, look);
        case investigation:
            return is_blocked_by(Ground::investigation, look);
        case fair_trial:
            return is_blocked_by(Ground::fair_trial, look);
        case life_safety:
            return is_blocked_by(Ground::life_safety, look);
        case third_party:
            return is_blocked_by(Ground::third_party, look);
        case no_reasons:
            return look.attempt.reasons.empty();
        case no_refusal_ground:
            return look.attempt.refusal_grounds.empty() ||
                   !std::ranges::all_of(look.attempt.refusal_grounds, [&](const std::string& code) {
                       return may_refuse_on(code, request);
                   });
        case outside_request:
            return !is_inside(wanted_of(request, look.attempt).areas, request.areas());
        case grant_empty:
            return look.attempt.is_grant_empty;
        case consent_in_force:
            return is_consent_in_force(request);
        default:
            return false;
    }
}

bool is_unreleasable(Guard guard, const Look& look) {
    const Case& request = look.request;
    const Attempt& attempt = look.attempt;
    const auto& wish = attempt.slot;
    switch (guard) {
        case no_slot:
            return !wish || wish->interval.is_empty() || wish->interval.to <= look.circumstances.now ||
                   (wish->viewer.empty() && !wish->viewer_id);
        case no_escort:
            return !wish || !wish->escort_id;
        case escort_is_viewer:
            // At the start it is the appointment that counts, and who stands there.
            if (wish) return wish->escort_id == wish->viewer_id || wish->escort_id == request.applicant_id;
            return request.applicant_id == look.doer.id ||
                   (request.slot && request.slot->viewer_id == look.doer.id);
        case kind_not_granted:
            return !request.grant || (wish && wish->kind != request.grant->kind);
        case slot_after_grant:
            return !request.grant || (wish && wish->interval.to > request.grant->valid_to);
        case grant_expired:
            return !request.grant || request.grant->valid_to <= look.circumstances.now;
        case escort_absent:
            return !attempt.is_escort_present;
        case viewer_absent:
            return !attempt.is_viewer_present;
        case mask_not_rendered:
            return request.grant && request.grant->is_masked && !attempt.is_mask_rendered;
        case no_session_entry:
            return !request.has_session_entry;
        case no_signature:
            return !request.has(EvidenceKind::signature, request.since);
        case not_attested:
            return !attempt.is_attested;
        case receipt_missing:
            return attempt.is_receipt_missing;
        default:
            return false;
    }
}

}  // namespace

bool holds(
    Guard guard,
    Part part,
    const Case& request,
    const Attempt& attempt,
    const Doer& doer,
    const Circumstances& circumstances
) {
    const Look look{request, attempt, doer, circumstances, part};
    return guard == ready || is_lacking_in_form(guard, look) || is_out_of_order(guard, look) ||
           is_wrong_person(guard, look) || is_undecidable(guard, look) || is_unreleasable(guard, look);
}

Verdict judge(
    const Case& request,
    const Attempt& attempt,
    const Doer& doer,
    std::span<const Part> parts,
    const Circumstances& circumstances
) {
    return step(request.state, attempt.action, parts, [&](Guard guard, Part part) {
        return holds(guard, part, request, attempt, doer, circumstances);
    });
}

bool is_lifted(const Case& request, std::string_view code) {
    const auto& lifts = request.form.exception_lifts;
    return !is_exception_invalid(request) && std::ranges::find(lifts, code) != lifts.end();
}

bool is_same(const Slot& slot, const SlotWish& wish) {
    return slot.interval == wish.interval && slot.kind == wish.kind && wish.escort_id == slot.escort_id &&
           slot.viewer_id == wish.viewer_id && slot.viewer == wish.viewer;
}

Wanted wanted_of(const Case& request, const Attempt& attempt) {
    return {
        .areas = attempt.areas.empty() ? request.areas() : attempt.areas,
        .kind = request.kind,
        .recipient = request.applicant,
        .is_masked = attempt.is_masked,
    };
}

std::vector<std::string_view> found_grounds(const Case& request) {
    std::vector<std::string_view> codes;
    for (const Finding& finding : request.findings)
        if (finding.answer == GroundAnswer::yes)
            codes.push_back(std::ranges::find(kGroundCodes, finding.ground, &GroundCode::ground)->code);
    return codes;
}

DecisionTime decision_time(Basis basis, const policy::Deadlines& deadlines) {
    if (basis == Basis::archives) return {.days = deadlines.archives_days, .extension_days = 0};
    return {.days = deadlines.decision_days, .extension_days = deadlines.extension_days};
}

bool is_grant_covered(const Case& request, UtcTime now) {
    if (!request.grant) return true;
    const Grant& grant = *request.grant;
    Wanted wanted{
        .areas = {}, .kind = grant.kind, .recipient = request.applicant, .is_masked = grant.is_masked
    };
    for (const GrantItem& item : grant.items)
        wanted.areas.push_back({item.camera_id, item.asked});
    const auto found = blockers(request.findings, request.consents, wanted, now);
    return std::ranges::find(found, Ground::third_party, &Blocker::ground) == found.end();
}

UtcTime records_until(UtcTime closed, const policy::RequestPolicy& policy) {
    return closed + std::chrono::days{366} * policy.record_floor_years;
}

std::string_view check_destroying(const Case& request, const policy::RequestPolicy& policy, UtcTime now) {
    if (request.state != RequestState::closed) return "REQUEST_STATE";
    return now < records_until(request.since, policy) ? "ART9_4C_RECORD_FLOOR_1Y" : std::string_view{};
}

}  // namespace sluice::release
