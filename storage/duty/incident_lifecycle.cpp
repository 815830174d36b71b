#include "storage/duty/incident_lifecycle.hpp"

#include "storage/duty/detail/closed_set.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

namespace sluice::duty {
namespace {

using detail::value_of;
using detail::word_of;
using detail::Words;
using enum IncidentState;
using enum IncidentAction;
using enum IncidentGuard;
using enum IncidentPart;

constexpr Words<kIncidentActions> kActionWords{
    "triage",
    "report",
    "contain",
    "remediate",
    "close",
    "dismiss",
    "mark_exercise",
};
constexpr Words<kIncidentParts> kPartWords{"handler", "head"};
constexpr Words<kIncidentGuards> kGuardWords{
    "ready",
    "is_fact",
    "is_security",
    "no_recipient",
    "no_finding",
    "repair_open",
    "is_remediator",
};

constexpr std::array kCodes{
    IncidentCode{"INCIDENT_STATE", 409, "", "In this state the incident takes other steps; read it again."},
    IncidentCode{"ROLE_NOT_ALLOWED", 403, "", "Another person takes this step."},
    IncidentCode{
        "INCIDENT_NO_FINDING",
        422,
        "finding",
        "Say what was found or done: the step stands in the incident's history."
    },
    IncidentCode{"INCIDENT_NO_RECIPIENT", 422, "recipient", "Name whom it was reported to."},
    IncidentCode{"INCIDENT_REPAIR_OPEN", 409, "", "A repair ticket of the incident is open; end it first."},
    IncidentCode{
        "INCIDENT_IS_FACT",
        409,
        "",
        "The audit log itself shows that it happened: it is no false alarm and no exercise."
    },
    IncidentCode{
        "INCIDENT_NEEDS_HEAD",
        403,
        "",
        "That a security incident was a false alarm is said by the head of the unit."
    },
    IncidentCode{
        "SOD_SELF_APPROVAL",
        403,
        "",
        "Whoever remediated it does not close it: another person does."
    },
};

struct Check {
    IncidentGuard guard;
    std::string_view code;
    std::string_view article = "incident";
};
using Checks = std::vector<Check>;

class Table {
public:
    void add(
        std::initializer_list<IncidentState> states,
        IncidentAction action,
        std::initializer_list<IncidentPart> parts,
        const Checks& checks,
        IncidentState next
    ) {
        for (const IncidentState state : states)
            for (const IncidentPart part : parts) {
                for (const Check& check : checks)
                    rows_.push_back(
                        {state, action, part, check.guard, std::nullopt, check.code, check.article}
                    );
                rows_.push_back({state, action, part, ready, next, {}, "incident"});
            }
    }
    [[nodiscard]] std::vector<IncidentTransition> rows() && { return std::move(rows_); }

private:
    std::vector<IncidentTransition> rows_;
};

std::vector<IncidentTransition> make_transitions() {
    const Check finding{no_finding, "INCIDENT_NO_FINDING"};
    const Check fact{is_fact, "INCIDENT_IS_FACT"};
    Table table;
    table.add({detected}, triage, {handler, head}, {finding}, triaged);
    table.add(
        {triaged}, report, {handler, head}, {{no_recipient, "INCIDENT_NO_RECIPIENT"}, finding}, reported
    );
    table.add({reported}, contain, {handler, head}, {finding}, contained);
    table.add(
        {contained}, remediate, {handler, head}, {finding, {repair_open, "INCIDENT_REPAIR_OPEN"}}, remediated
    );
    table.add(
        {remediated}, close, {head}, {{is_remediator, "SOD_SELF_APPROVAL", "control"}, finding}, closed
    );
    table.add(
        {detected, triaged},
        dismiss,
        {handler},
        {fact, {is_security, "INCIDENT_NEEDS_HEAD"}, finding},
        false_alarm
    );
    table.add({detected, triaged, reported}, dismiss, {head}, {fact, finding}, false_alarm);
    table.add(
        {detected, triaged, reported, contained, remediated}, mark_exercise, {head}, {fact, finding}, exercise
    );
    return std::move(table).rows();
}

bool holds(IncidentGuard guard, const IncidentAttempt& attempt) {
    switch (guard) {
        case ready:
            return true;
        case IncidentGuard::is_fact:
            return duty::is_fact(attempt.kind);
        case IncidentGuard::is_security:
            return duty::is_security(attempt.kind);
        case no_recipient:
            return !attempt.has_recipient;
        case no_finding:
            return !attempt.has_finding;
        case repair_open:
            return attempt.has_open_repair;
        case is_remediator:
            return attempt.is_remediator;
    }
    return false;
}

}  // namespace

std::string_view to_string(IncidentAction action) noexcept {
    return word_of(kActionWords, action);
}
std::optional<IncidentAction> incident_action_from(std::string_view word) noexcept {
    return value_of<IncidentAction>(kActionWords, word);
}
std::string_view to_string(IncidentPart part) noexcept {
    return word_of(kPartWords, part);
}
std::string_view to_string(IncidentGuard guard) noexcept {
    return word_of(kGuardWords, guard);
}

std::span<const IncidentTransition> incident_transitions() {
    static const std::vector<IncidentTransition> rows = make_transitions();
    return rows;
}

IncidentVerdict step(
    IncidentState state,
    IncidentAction action,
    std::span<const IncidentPart> parts,
    const IncidentAttempt& attempt
) {
    const auto rows = incident_transitions();
    const bool is_known = std::ranges::any_of(rows, [&](const IncidentTransition& row) {
        return row.state == state && row.action == action;
    });
    IncidentVerdict refusal{
        .next = std::nullopt,
        .part = handler,
        .code = is_known ? "ROLE_NOT_ALLOWED" : "INCIDENT_STATE",
        .article = "incident"
    };
    bool has_refusal = false;
    for (const IncidentPart part : parts) {
        const auto row = std::ranges::find_if(rows, [&](const IncidentTransition& each) {
            return each.state == state && each.action == action && each.part == part &&
                   holds(each.guard, attempt);
        });
        if (row == rows.end()) continue;
        if (row->next) return {.next = row->next, .part = part, .code = {}, .article = row->article};
        if (!std::exchange(has_refusal, true))
            refusal = {.next = std::nullopt, .part = part, .code = row->code, .article = row->article};
    }
    return refusal;
}

const IncidentCode* find_incident_code(std::string_view code) noexcept {
    const auto* found = std::ranges::find(kCodes, code, &IncidentCode::code);
    return found == kCodes.end() ? nullptr : found;
}

std::optional<UtcTime>
due_of(IncidentKind kind, IncidentState state, UtcTime opened, const policy::IncidentPolicy& policy) {
    switch (state) {
        case detected:
        case triaged:
            return opened + (duty::is_security(kind) ? policy.report_security : policy.report);
        case reported:
            return opened + policy.contain;
        case contained:
            return opened + policy.remediate;
        case remediated:
        case closed:
        case false_alarm:
        case exercise:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace sluice::duty
