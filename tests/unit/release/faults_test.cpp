#include "tests/unit/release/faults.hpp"

#include <catch2/catch.hpp>

namespace sluice::release::test {

using namespace std::chrono_literals;

namespace {

void answer_yes(Case& request, Ground ground) {
    for (Finding& finding : request.findings)
        if (finding.ground == ground) finding.answer = GroundAnswer::yes;
}

std::vector<Fault> form_faults() {
    const Someone applicant = someone(1, Part::applicant);
    const Someone handler = someone(2, Part::handler);
    const auto inside = whole_case();
    const auto outside = whole_case(Channel::external);
    const auto court = whole_case(Channel::judicial);
    using enum RequestAction;
    return {
        {"ART9_1A_NOT_PERSONAL_RIGHTS",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.form.purpose = Purpose::other; }},
        {"ART9_1B_NO_REASON",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.form.reason.clear(); }},
        {"ART9_1C_NO_PERIOD",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.interval.reset(); }},
        {"FORM_INCOMPLETE",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.form.phone.clear(); }},
        {"FORM_PERIOD_TOO_WIDE",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.interval->to += 24h; }},
        {"FORM_VIEW_PREFERRED",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) {
             c.kind = Kind::copy;
             c.form.necessity.clear();
         }},
        {"FORM_UNDERTAKING_UNSIGNED",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.form.is_undertaken = false; }},
        {"ART12_EXCEPTION_INVALID",
         inside,
         submit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.form.exception_lifts = {"FORM_PERIOD_TOO_WIDE"}; }},
        {"ART9_2A_NO_LEGAL_INTEREST",
         outside,
         submit,
         handler,
         [](Case& c, Attempt&, Someone&) { c.form.legal_interest.clear(); }},
        {"ART9_2C_NO_FORM",
         outside,
         submit,
         handler,
         [](Case& c, Attempt&, Someone&) { remove_paper(c, EvidenceKind::undertaking); }},
        {"ART9_3A_NO_OFFICIAL_LETTER",
         court,
         submit,
         handler,
         [](Case& c, Attempt&, Someone&) { c.form.letter_number.clear(); }},
        {"ART9_3B_NOT_JUDICIAL",
         court,
         submit,
         handler,
         [](Case& c, Attempt&, Someone&) { c.form.authority = Authority::other; }},
        {"SIGNED_PAPER_MISSING",
         outside,
         withdraw,
         handler,
         [](Case& c, Attempt&, Someone&) { remove_paper(c, EvidenceKind::signed_paper); }},
        {"RETURN_LIST_MISSING",
         acceptable(Channel::external),
         return_,
         handler,
         [](Case&, Attempt& a, Someone&) { a.listed.clear(); }},
        {"ART9_1D_NO_LEVEL1_APPROVAL",
         acceptable(Channel::internal),
         accept,
         handler,
         [](Case& c, Attempt&, Someone&) { c.signatures.pop_back(); }},
        {"ART9_2B_NO_POLICE_REPORT",
         acceptable(Channel::external),
         accept,
         handler,
         [](Case& c, Attempt&, Someone&) {
             remove_paper(c, EvidenceKind::police_report_form);
             remove_paper(c, EvidenceKind::police_report_certificate);
         }},
        {"ART9_3A_NO_OFFICIAL_LETTER",
         acceptable(Channel::judicial),
         accept,
         handler,
         [](Case&, Attempt& a, Someone&) { a.is_letter_verified = false; }},
        {"SOD_SELF_APPROVAL",
         acceptable(Channel::internal),
         accept,
         handler,
         [](Case&, Attempt&, Someone& w) { w.doer.id = kApplicantId; }},
        {"CORRECTION_TOO_LATE",
         in_state(inside, RequestState::correction),
         resubmit,
         applicant,
         [](Case& c, Attempt&, Someone&) { c.due = kNow; }},
    };
}

std::vector<Fault> decision_faults() {
    const Someone director = someone(10, Part::director);
    const Someone handler = someone(2, Part::handler);
    const Someone ethics = someone(6, Part::ethics);
    Case screening = in_state(decidable_case(), RequestState::screening);
    Case asked = in_state(decidable_case(), RequestState::countersigning);
    asked.opinions.clear();
    Case unsigned_case = decidable_case();
    unsigned_case.signatures.pop_back();
    using enum RequestAction;
    std::vector<Fault> faults{
        {"GROUND_UNKNOWN",
         screening,
         refer,
         handler,
         [](Case& c, Attempt&, Someone&) { c.findings.pop_back(); }},
        {"FOOTAGE_HELD",
         screening,
         answer_not_held,
         handler,
         [](Case&, Attempt& a, Someone&) { a.is_footage_held = true; }},
        {"OPINION_GIVEN", asked, opine, ethics, [](Case& c, Attempt&, Someone&) { c.opinions.emplace_back(); }
        },
        {"OPINION_NO_GROUND",
         asked,
         opine,
         ethics,
         [](Case&, Attempt& a, Someone&) { a.stance = Stance::object; }},
        {"SOD_SELF_APPROVAL",
         asked,
         opine,
         ethics,
         [](Case&, Attempt&, Someone& w) { w.doer.id = kHandlerId; }},
        {"FORM_CHAIN_INCOMPLETE",
         unsigned_case,
         sign,
         ethics,
         [](Case& c, Attempt&, Someone&) { c.signatures.clear(); }},
        {"SOD_SELF_APPROVAL",
         unsigned_case,
         sign,
         ethics,
         [](Case&, Attempt&, Someone& w) { w.doer.id = person(5); }},
        {"SOD_SELF_APPROVAL",
         decidable_case(),
         grant,
         director,
         [](Case&, Attempt&, Someone& w) { w.doer.id = kApplicantId; }},
        {"SOD_SELF_APPROVAL",
         decidable_case(),
         grant,
         director,
         [](Case& c, Attempt&, Someone& w) { c.form.is_secretariats = w.doer.is_secretariats = true; }},
        {"FORM_CHAIN_INCOMPLETE",
         decidable_case(),
         grant,
         director,
         [](Case& c, Attempt&, Someone&) { c.signatures.erase(c.signatures.begin()); }},
        {"FORM_ETHICS_COUNTERSIGN",
         decidable_case(),
         grant,
         director,
         [](Case& c, Attempt&, Someone&) { c.signatures.pop_back(); }},
        {"FORM_ETHICS_COUNTERSIGN",
         decidable_case(),
         grant,
         director,
         [](Case& c, Attempt&, Someone&) { c.asked_units = {"資訊科"}; }},
        {"DIRECTOR_IN_PERSON",
         decidable_case(),
         refuse,
         someone(11, Part::delegate),
         [](Case& c, Attempt&, Someone&) { c.opinions.front().stance = Stance::object; }},
        {"DECISION_NO_REASONS",
         decidable_case(),
         grant,
         director,
         [](Case&, Attempt& a, Someone&) { a.reasons.clear(); }},
        {"GRANT_EMPTY",
         decidable_case(),
         grant,
         director,
         [](Case&, Attempt& a, Someone&) { a.is_grant_empty = true; }},
        {"REFUSAL_NO_GROUND",
         decidable_case(),
         refuse,
         director,
         [](Case&, Attempt& a, Someone&) { a.refusal_grounds = {"BECAUSE"}; }},
        {"PART_OUTSIDE_REQUEST",
         decidable_case(),
         grant_part,
         director,
         [](Case& c, Attempt& a, Someone&) {
             a.areas = {{kCamera, {c.interval->from - 1min, c.interval->to}}};
         }},
    };
    const auto block = [&](std::string_view code, Ground ground) {
        faults.push_back({code, decidable_case(), grant, director, [ground](Case& c, Attempt&, Someone&) {
                              answer_yes(c, ground);
                          }});
    };
    block("ART10_1_STATUTORY_SECRET", Ground::statutory_secret);
    block("ART10_2A_INVESTIGATION", Ground::investigation);
    block("ART10_2B_FAIR_TRIAL", Ground::fair_trial);
    block("ART10_2C_LIFE_SAFETY", Ground::life_safety);
    block("ART10_3_THIRD_PARTY_PRIVACY", Ground::third_party);
    return faults;
}

std::vector<Fault> release_faults() {
    const Someone handler = someone(2, Part::handler);
    const Someone escort = someone(7, Part::escort);
    const Someone head = someone(5, Part::secretariat_head);
    const Someone director = someone(10, Part::director);
    const Case granted = granted_case();
    Case reopenable = granted_case();
    Consent withdrawn;
    withdrawn.withdrawn = kNow;
    reopenable.consents.push_back(withdrawn);
    const Case scheduled = in_state(granted, RequestState::scheduled);
    Case watched = in_state(granted, RequestState::in_session);
    watched.has_session_entry = true;
    const Case refused_case = in_state(granted, RequestState::refused);
    const Case appealed = in_state(granted, RequestState::appealed);
    Case overdue = in_state(granted, RequestState::scheduled);
    overdue.due = kNow;
    using enum RequestAction;
    return {
        {"SLOT_INVALID",
         granted,
         schedule,
         handler,
         [](Case&, Attempt& a, Someone&) { a.slot->interval.to = a.slot->interval.from; }},
        {"ART9_4A_NO_ESCORT",
         granted,
         schedule,
         handler,
         [](Case&, Attempt& a, Someone&) { a.slot->escort_id.reset(); }},
        {"SOD_SELF_APPROVAL",
         granted,
         schedule,
         handler,
         [](Case&, Attempt& a, Someone&) { a.slot->escort_id = a.slot->viewer_id; }},
        {"ART7_NOT_APPROVED",
         granted,
         schedule,
         handler,
         [](Case&, Attempt& a, Someone&) { a.slot->kind = Kind::copy; }},
        {"GRANT_EXPIRED",
         granted,
         schedule,
         handler,
         [](Case& c, Attempt&, Someone&) { c.grant->valid_to = kNow + 90min; }},
        {"CONSENT_IN_FORCE",
         reopenable,
         reopen,
         handler,
         [](Case& c, Attempt&, Someone&) { c.consents.clear(); }},
        {"GRANT_EXPIRED",
         scheduled,
         start,
         escort,
         [](Case& c, Attempt& a, Someone&) {
             a.slot.reset();
             c.grant->valid_to = kNow;
         }},
        {"ART9_4A_NO_ESCORT",
         scheduled,
         start,
         escort,
         [](Case&, Attempt& a, Someone&) { a.is_escort_present = false; }},
        {"VIEWER_ABSENT",
         scheduled,
         start,
         escort,
         [](Case&, Attempt& a, Someone&) { a.is_viewer_present = false; }},
        {"MASK_NOT_RENDERED",
         scheduled,
         start,
         escort,
         [](Case& c, Attempt&, Someone&) { c.grant->is_masked = true; }},
        {"SOD_SELF_APPROVAL",
         scheduled,
         start,
         escort,
         [](Case&, Attempt& a, Someone& w) {
             a.slot.reset();
             w.doer.id = kApplicantId;
         }},
        {"ART9_4B_NO_REGISTER_ENTRY",
         watched,
         complete,
         escort,
         [](Case& c, Attempt&, Someone&) { c.has_session_entry = false; }},
        {"COMPLETION_UNSIGNED",
         watched,
         complete,
         escort,
         [](Case& c, Attempt&, Someone&) { remove_paper(c, EvidenceKind::signature); }},
        {"ESCORT_NOT_ATTESTED",
         watched,
         complete,
         escort,
         [](Case&, Attempt& a, Someone&) { a.is_attested = false; }},
        {"RECEIPT_MISSING",
         in_state(granted, RequestState::completed),
         close,
         head,
         [](Case&, Attempt& a, Someone&) { a.is_receipt_missing = true; }},
        {"OUTCOME_MISSING",
         appealed,
         remand,
         director,
         [](Case& c, Attempt&, Someone&) { remove_paper(c, EvidenceKind::outcome); }},
        {"NOT_DUE",
         overdue,
         lapse,
         someone(0, Part::clock),
         [](Case& c, Attempt&, Someone&) { c.due = kNow + 1s; }},
        {"SIGNED_PAPER_MISSING",
         refused_case,
         appeal,
         handler,
         [](Case& c, Attempt&, Someone&) { remove_paper(c, EvidenceKind::appeal); },
         kNow + 1s},
    };
}

std::vector<Fault> time_faults() {
    const Someone handler = someone(2, Part::handler);
    const Case accepted = [] {
        Case request = decidable_case();
        request.state = RequestState::accepted;
        return request;
    }();
    using enum RequestAction;
    return {
        {"EXTENSION_SPENT",
         accepted,
         extend,
         handler,
         [](Case& c, Attempt&, Someone&) { c.extended = kNow - 1h; }},
        {"EXTENSION_TOO_LATE", accepted, extend, handler, [](Case& c, Attempt&, Someone&) { c.due = kNow; }},
        {"DECISION_NO_REASONS",
         accepted,
         extend,
         handler,
         [](Case&, Attempt& a, Someone&) { a.reasons.clear(); }},
        {"REQUEST_STATE",
         accepted,
         extend,
         handler,
         [](Case& c, Attempt&, Someone&) { c.state = RequestState::granted; }},
        {"ROLE_NOT_ALLOWED",
         accepted,
         extend,
         handler,
         [](Case&, Attempt&, Someone& w) { w.parts = {Part::ethics}; }},
        {"ART8_NO_DOSSIER",
         accepted,
         screen,
         handler,
         [](Case& c, Attempt&, Someone&) { c.state = RequestState::submitted; }},
        {"ART9_2D_NO_BUREAU_CONSENT",
         [] {
             Case request = granted_case();
             request.channel = Channel::external;
             return request;
         }(),
         schedule,
         handler,
         [](Case& c, Attempt&, Someone&) { c.state = RequestState::deciding; }},
    };
}

}  // namespace

std::vector<Fault> all_faults() {
    std::vector<Fault> all;
    for (const auto& faults : {form_faults(), decision_faults(), release_faults(), time_faults()})
        all.insert(all.end(), faults.begin(), faults.end());
    return all;
}

std::string code_of_sound(const Fault& fault) {
    return std::string{attempt(fault.sound, attempt_of(fault.action), fault.who, fault.remedy).code};
}

std::string code_of_spoiled(const Fault& fault) {
    Case request = fault.sound;
    Attempt tried = attempt_of(fault.action);
    Someone who = fault.who;
    fault.spoil(request, tried, who);
    return std::string{attempt(request, tried, who, fault.remedy).code};
}

TEST_CASE("each fault of a request is refused with its code, and gone with it", "[release][rules]") {
    for (const Fault& fault : all_faults()) {
        CAPTURE(fault.code, to_string(fault.action));
        CHECK(code_of_sound(fault) == "");
        CHECK(code_of_spoiled(fault) == std::string{fault.code});
    }
}

}  // namespace sluice::release::test
