#include "api/authorize.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::api {
namespace {

using catalogue::PrincipalKind;

bool is_machine(Role role) {
    return role >= Role::operator_;
}

/// A machine's role is none of a person's, and the other way round; a program of ours has no token.
std::vector<Role> roles_of(const catalogue::PrincipalRow* principal, const Standing& standing) {
    if (principal == nullptr) return {Role::nobody};
    std::vector<Role> roles;
    for (const std::string& word : principal->roles) {
        const auto role = role_from_string(word);
        const auto kind = role && is_machine(*role) ? PrincipalKind::machine : PrincipalKind::person;
        if (role && *role != Role::nobody && kind == principal->kind) roles.push_back(*role);
    }
    if (principal->kind == PrincipalKind::person)
        roles.insert(roles.end(), standing.lent_roles.begin(), standing.lent_roles.end());
    return roles;
}

bool is_about(const FootageRight& right, const Subject& subject) {
    if (subject.camera_id && *subject.camera_id != right.camera_id) return false;
    if (subject.stream && *subject.stream != right.stream) return false;
    return !subject.interval ||
           (right.interval.from <= subject.interval->from && subject.interval->to <= right.interval.to);
}

State state_of(const FootageRight& right) {
    if (right.is_masked) return State::masked;
    switch (right.kind) {
        case FootageRight::Kind::view:
            return State::view_granted;
        case FootageRight::Kind::viewing:
            return State::viewing;
        case FootageRight::Kind::copy:
            return State::copy_granted;
    }
    return State::ungranted;
}

/// Several can be true of footage: granted to see, and to take.
std::vector<State> footage_states(const Subject& subject, const Standing& standing) {
    std::vector<State> states{State::ungranted};
    for (const FootageRight& right : standing.footage)
        if (is_about(right, subject)) states.push_back(state_of(right));
    if (standing.live_until && standing.at < *standing.live_until) states.push_back(State::live_approved);
    return states;
}

bool wants_factor(SecondFactor act, const Standing& standing) {
    switch (act) {
        case SecondFactor::never:
            return false;
        case SecondFactor::to_approve:
            return standing.wants_factor_to_approve;
        case SecondFactor::to_export:
            return standing.wants_factor_to_export;
        case SecondFactor::to_escort:
            return standing.wants_factor_to_escort;
    }
    return true;
}

std::vector<State> current_states(Action action, const Subject& subject, const Standing& standing) {
    if (standing.is_departed) return {State::departed};
    if (standing.is_bootstrap) return {State::bootstrap};
    const ActionFacts& facts = facts_of(action);
    if (facts.resource == Resource::footage) return footage_states(subject, standing);
    const bool is_unverified = wants_factor(facts.second_factor, standing) && !standing.has_second_factor;
    return {is_unverified ? State::unverified : State::active};
}

std::vector<Relation> relations_of(Action action, const Subject& subject, const Standing& standing) {
    const ActionFacts& facts = facts_of(action);
    if (!facts.is_personal) return {Relation::other};
    if (subject.relation) return {*subject.relation};
    if (facts.resource == Resource::camera && subject.camera_id) {
        const bool is_own = std::ranges::find(standing.cameras, *subject.camera_id) != standing.cameras.end();
        return {is_own ? Relation::own : Relation::other};
    }
    return {Relation::other, Relation::unit, Relation::own};
}

/// A reason of its own is worth more to whoever was refused than that nothing allows it.
bool says_more(const Verdict& verdict, const Verdict& said) {
    const auto is_general = [](std::string_view code) {
        return code == "ROLE_NOT_ALLOWED" || code == "ART7_NOT_APPROVED";
    };
    return said.code.empty() || said.code == "ROLE_NOT_ALLOWED" ||
           (is_general(said.code) && !is_general(verdict.code));
}

Decision to_decision(const Verdict& verdict) {
    return {
        .is_allowed = verdict.effect == Verdict::Effect::allow,
        .code = std::string{verdict.code},
        .article = std::string{verdict.article},
        .role = {},
    };
}

}  // namespace

Decision authorize(
    const catalogue::PrincipalRow* principal,
    Action action,
    const Subject& subject,
    const Standing& standing,
    const AuthorisationTable& table
) {
    const auto states = current_states(action, subject, standing);
    const auto relations = relations_of(action, subject, standing);
    std::optional<Decision> allowed;
    Verdict refusal{.effect = Verdict::Effect::deny, .code = {}, .article = {}};
    for (const Role role : roles_of(principal, standing))
        for (const Relation relation : relations)
            for (const State state : states) {
                const Verdict& verdict = table.look_up(role, action, relation, state);
                if (verdict.effect == Verdict::Effect::never) return to_decision(verdict);
                if (verdict.effect == Verdict::Effect::allow) {
                    if (allowed) continue;
                    allowed = to_decision(verdict);
                    allowed->role = role;
                } else if (says_more(verdict, refusal)) {
                    refusal = verdict;
                }
            }
    if (allowed) return *std::move(allowed);
    return to_decision(refusal.code.empty() ? Verdict{} : refusal);
}

const FootageRight* find_right(const Standing& standing, FootageRight::Kind kind, const Subject& subject) {
    const auto found = std::ranges::find_if(standing.footage, [&](const FootageRight& right) {
        return right.kind == kind && !right.is_masked && is_about(right, subject);
    });
    return found == standing.footage.end() ? nullptr : &*found;
}

}  // namespace sluice::api
