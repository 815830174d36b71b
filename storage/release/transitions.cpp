#include "storage/release/lifecycle.hpp"

#include <initializer_list>
#include <vector>

namespace sluice::release {
namespace {

using enum RequestState;
using enum RequestAction;
using enum Guard;

/// A guard and what it comes to: a code, or another state than the step's own.
struct Check {
    Guard guard;
    std::string_view code;
    std::string_view article;
    std::optional<RequestState> next = std::nullopt;
};
using Checks = std::vector<Check>;
using States = std::initializer_list<RequestState>;
using Parts = std::initializer_list<Part>;

Checks operator+(Checks first, const Checks& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

class Table {
public:
    /// In each of the states, each of the parts may do it, once none of the checks holds.
    void add(
        States states,
        RequestAction action,
        Parts parts,
        const Checks& checks,
        RequestState next,
        std::string_view article
    ) {
        for (const RequestState state : states)
            for (const Part part : parts) {
                add_checks(state, action, part, checks);
                rows_.push_back({state, action, part, ready, next, {}, article});
            }
    }
    /// Nobody may yet, and the code says what is missing.
    void refuse(States states, RequestAction action, Parts parts, const Checks& checks) {
        for (const RequestState state : states)
            for (const Part part : parts)
                add_checks(state, action, part, checks);
    }
    [[nodiscard]] std::vector<Transition> rows() && { return std::move(rows_); }

private:
    void add_checks(RequestState state, RequestAction action, Part part, const Checks& checks) {
        for (const Check& check : checks)
            rows_.push_back({state, action, part, check.guard, check.next, check.code, check.article});
    }
    std::vector<Transition> rows_;
};

constexpr Part kApplicant = Part::applicant;
constexpr Part kHandler = Part::handler;

const Checks kReasons{{no_reasons, "DECISION_NO_REASONS", "9"}};
const Checks kPaper{{no_signed_paper, "SIGNED_PAPER_MISSING", "9"}};
const Checks kOtherPerson{{is_applicant, "SOD_SELF_APPROVAL", "control"}};
const Checks kExtension{
    {extension_spent, "EXTENSION_SPENT", "9"},
    {no_reasons, "DECISION_NO_REASONS", "9"},
    {too_late, "EXTENSION_TOO_LATE", "9"},
};
const Checks kDue{{not_due, "NOT_DUE", "9"}};

/// Article 9: what the form has to say, by whoever hands it in.
Checks form(Part part) {
    const bool is_handler_s = part == kHandler;
    Checks checks{
        {exception_invalid, "ART12_EXCEPTION_INVALID", "12"},
        {no_reason, "ART9_1B_NO_REASON", "9(1)"},
        {no_period, "ART9_1C_NO_PERIOD", "9(1)"},
        {form_incomplete, "FORM_INCOMPLETE", "form"},
        {not_personal_rights, "ART9_1A_NOT_PERSONAL_RIGHTS", "9(1)"},
    };
    if (is_handler_s)
        checks = checks + Checks{
                              {no_legal_interest, "ART9_2A_NO_LEGAL_INTEREST", "9(2)"},
                              {not_judicial, "ART9_3B_NOT_JUDICIAL", "9(3)"},
                              {no_letter_number, "ART9_3A_NO_OFFICIAL_LETTER", "9(3)"},
                          };
    checks = checks + Checks{
                          {period_too_wide, "FORM_PERIOD_TOO_WIDE", "form"},
                          {copy_unjustified, "FORM_VIEW_PREFERRED", "form"},
                          {undertaking_unsigned, "FORM_UNDERTAKING_UNSIGNED", "form"},
                      };
    if (is_handler_s) checks.push_back({no_form, "ART9_2C_NO_FORM", "9(2)"});
    return checks;
}

/// The chains of the form: in order, one person once.
Checks signing(Part part, bool is_chain_a) {
    Checks checks;
    if (is_chain_a) checks.push_back({no_chain, "REQUEST_STATE", "9(1)"});
    if (part != kApplicant) checks = checks + kOtherPerson;
    if (part == Part::ethics || part == Part::consulted)
        checks.push_back({is_handler, "SOD_SELF_APPROVAL", "control"});
    return checks + Checks{
                        {signed_already, "SOD_SELF_APPROVAL", "control"},
                        {not_next, "FORM_CHAIN_INCOMPLETE", "form"},
                    };
}

Checks deciders(Part part) {
    Checks checks = kOtherPerson + Checks{
                                       {own_request, "SOD_SELF_APPROVAL", "control"},
                                       {signed_already, "SOD_SELF_APPROVAL", "control"},
                                       {chain_open, "FORM_CHAIN_INCOMPLETE", "form"},
                                       {ethics_missing, "FORM_ETHICS_COUNTERSIGN", "form"},
                                   };
    if (part == Part::delegate) checks.push_back({ethics_objects, "DIRECTOR_IN_PERSON", "form"});
    return checks;
}

const Checks kGroundChecks{
    {ground_unknown, "GROUND_UNKNOWN", "10"},
    {statutory_secret, "ART10_1_STATUTORY_SECRET", "10(1)"},
    {investigation, "ART10_2A_INVESTIGATION", "10(2)"},
    {fair_trial, "ART10_2B_FAIR_TRIAL", "10(2)"},
    {life_safety, "ART10_2C_LIFE_SAFETY", "10(2)"},
    {third_party, "ART10_3_THIRD_PARTY_PRIVACY", "10(3)"},
};
const Checks kEmpty{{grant_empty, "GRANT_EMPTY", "9(1)"}};

void add_form(Table& table) {
    for (const Part part : {kApplicant, kHandler}) {
        const std::string_view article = part == kApplicant ? "9(1)" : "9(2)";
        table.add({draft}, submit, {part}, form(part), submitted, article);
        const Checks paper = part == kHandler ? kPaper : Checks{};
        const Checks late{{too_late, "CORRECTION_TOO_LATE", "9(2)"}};
        table.add({correction}, resubmit, {part}, form(part) + paper + late, submitted, "9(2)");
        table.add(
            {draft, submitted, correction, accepted, screening, countersigning},
            withdraw,
            {part},
            paper,
            withdrawn,
            "9"
        );
    }
    table.add({correction}, lapse, {Part::clock}, {{not_due, "NOT_DUE", "9(2)"}}, lapsed, "9(2)");
    table.add(
        {submitted},
        return_,
        {kHandler},
        {{nothing_listed, "RETURN_LIST_MISSING", "9(2)"}},
        correction,
        "9(2)"
    );
}

void add_acceptance(Table& table) {
    for (const Part part : {kApplicant, Part::unit_head, Part::reviewer, Part::level1, Part::director})
        table.add({submitted}, sign, {part}, signing(part, true), submitted, "9(1)");
    table.add(
        {submitted},
        accept,
        {kHandler},
        kOtherPerson +
            Checks{
                {exception_invalid, "ART12_EXCEPTION_INVALID", "12"},
                {level1_missing, "ART9_1D_NO_LEVEL1_APPROVAL", "9(1)"},
                {no_police_report, "ART9_2B_NO_POLICE_REPORT", "9(2)"},
                {no_letter, "ART9_3A_NO_OFFICIAL_LETTER", "9(3)"}
            },
        accepted,
        "8"
    );
    for (const RequestAction action : {screen, refer, answer_not_held})
        table.refuse({submitted}, action, {kHandler}, {{ready, "ART8_NO_DOSSIER", "8"}});
    table.refuse(
        {submitted, accepted, screening, countersigning, deciding},
        schedule,
        {kHandler},
        {{external, "ART9_2D_NO_BUREAU_CONSENT", "9(2)"}}
    );
}

void add_screening(Table& table) {
    table.add({accepted}, screen, {kHandler}, kOtherPerson, screening, "10");
    table.add(
        {screening},
        refer,
        {kHandler},
        {{ground_unknown, "GROUND_UNKNOWN", "10"}, {judicial, {}, "9(3)", deciding}},
        countersigning,
        "9"
    );
    table.add({screening}, answer_not_held, {kHandler}, {{footage_held, "FOOTAGE_HELD", "9"}}, not_held, "9");
    table.add(
        {countersigning},
        opine,
        {Part::ethics, Part::consulted},
        kOtherPerson +
            Checks{
                {is_handler, "SOD_SELF_APPROVAL", "control"},
                {given_already, "OPINION_GIVEN", "form"},
                {no_opinion_ground, "OPINION_NO_GROUND", "form"},
                {others_open, {}, "form", countersigning}
            },
        deciding,
        "form"
    );
    for (const RequestAction action : {grant, grant_part, refuse})
        table.refuse(
            {countersigning},
            action,
            {Part::director, Part::delegate},
            {{ready, "FORM_ETHICS_COUNTERSIGN", "form"}}
        );
}

void add_decision(Table& table) {
    for (const Part part : {kHandler, Part::reviewer, Part::secretariat_head, Part::ethics, Part::consulted})
        table.add({deciding}, sign, {part}, signing(part, false), deciding, "form");
    const Checks outside{{outside_request, "PART_OUTSIDE_REQUEST", "9(1)"}};
    const Checks grounds{{no_refusal_ground, "REFUSAL_NO_GROUND", "10"}};
    for (const Part part : {Part::director, Part::delegate}) {
        const Checks whole = deciders(part) + kGroundChecks + kReasons;
        table.add({deciding}, grant, {part}, whole + kEmpty, granted, "9");
        table.add({deciding}, grant_part, {part}, whole + outside + kEmpty, granted_partial, "10");
        table.add({deciding}, refuse, {part}, deciders(part) + kReasons + grounds, refused, "10");
    }
    table.add({deciding}, reopen, {kHandler}, kReasons, screening, "10");
    table.add(
        {granted, granted_partial, scheduled, in_session},
        reopen,
        {kHandler},
        {{consent_in_force, "CONSENT_IN_FORCE", "10(3)"}},
        screening,
        "10(3)"
    );
    table.add(
        {granted, granted_partial, scheduled, in_session}, revoke, {Part::director}, kReasons, revoked, "9"
    );
}

void add_release(Table& table) {
    table.add(
        {granted, granted_partial, scheduled},
        schedule,
        {kHandler},
        {{no_slot, "SLOT_INVALID", "9(4)"},
         {no_escort, "ART9_4A_NO_ESCORT", "9(4)"},
         {escort_is_viewer, "SOD_SELF_APPROVAL", "control"},
         {kind_not_granted, "ART7_NOT_APPROVED", "7"},
         {slot_after_grant, "GRANT_EXPIRED", "9"}},
        scheduled,
        "9(4)"
    );
    table.add({granted, granted_partial, scheduled}, lapse, {Part::clock}, kDue, lapsed, "9");
    table.add(
        {scheduled},
        start,
        {Part::escort},
        {{escort_is_viewer, "SOD_SELF_APPROVAL", "control"},
         {grant_expired, "GRANT_EXPIRED", "9"},
         {escort_absent, "ART9_4A_NO_ESCORT", "9(4)"},
         {viewer_absent, "VIEWER_ABSENT", "9(4)"},
         {mask_not_rendered, "MASK_NOT_RENDERED", "10(3)"}},
        in_session,
        "9(4)"
    );
    table.add(
        {in_session},
        complete,
        {Part::escort},
        {{no_session_entry, "ART9_4B_NO_REGISTER_ENTRY", "9(4)"},
         {no_signature, "COMPLETION_UNSIGNED", "9(4)"},
         {not_attested, "ESCORT_NOT_ATTESTED", "9(4)"}},
        completed,
        "9(4)"
    );
    table.add({in_session}, interrupt, {Part::escort, Part::clock}, {}, scheduled, "9(4)");
}

void add_end(Table& table) {
    const Part head = Part::secretariat_head;
    const Checks receipts{{receipt_missing, "RECEIPT_MISSING", "9(4)"}};
    table.add({completed, not_held, withdrawn, lapsed, revoked}, close, {head}, receipts, closed, "8");
    table.add({refused}, close, {head}, {{remedy_open, "REMEDY_OPEN", "remedy"}}, closed, "8");
    const Checks late{{too_late, "APPEAL_TOO_LATE", "remedy"}};
    const Checks paper{{no_appeal_paper, "SIGNED_PAPER_MISSING", "remedy"}};
    const States appealable{granted_partial, not_held, refused};
    table.add(appealable, appeal, {kApplicant}, late, appealed, "remedy");
    table.add(appealable, appeal, {kHandler}, paper + late, appealed, "remedy");
    const Checks outcome{{no_outcome, "OUTCOME_MISSING", "remedy"}};
    table.add({appealed}, remand, {Part::director}, outcome, screening, "remedy");
    table.add({appealed}, uphold, {Part::director}, outcome, closed, "remedy");
}

/// While a decision is waited for, the time for it may be made longer once.
void add_extension(Table& table) {
    for (const RequestState state : {accepted, screening, countersigning, deciding})
        table.add({state}, extend, {kHandler}, kOtherPerson + kExtension, state, "9");
}

std::vector<Transition> make_transitions() {
    Table table;
    add_form(table);
    add_acceptance(table);
    add_screening(table);
    add_extension(table);
    add_decision(table);
    add_release(table);
    add_end(table);
    return std::move(table).rows();
}

}  // namespace

std::span<const Transition> transitions() {
    static const std::vector<Transition> kTransitions = make_transitions();
    return kTransitions;
}

}  // namespace sluice::release
