#include "api/requests/detail/paper.hpp"

#include "storage/release/rules.hpp"

#include <algorithm>
#include <initializer_list>
#include <ranges>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {
namespace {

using nlohmann::json;
using print::Outcome;
using print::Reason;
using release::Case;
using release::RequestAction;
using History = std::vector<catalogue::RequestEvent>;

const catalogue::RequestEvent*
find_last(const History& history, std::initializer_list<RequestAction> actions) {
    for (const auto& event : std::ranges::reverse_view(history))
        for (const RequestAction action : actions)
            if (event.action == release::to_string(action)) return &event;
    return nullptr;
}

std::string text_in(const json& object, const char* member) {
    const auto found = object.find(member);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// `detail`: what this case adds to it, or empty; several are joined.
void add_once(std::vector<Reason>& reasons, const std::string& code, const std::string& detail = {}) {
    auto found = std::ranges::find(reasons, code, &Reason::code);
    if (found == reasons.end()) found = reasons.insert(reasons.end(), {code, {}});
    if (detail.empty() || found->detail.find(detail) != std::string::npos) return;
    found->detail += (found->detail.empty() ? "" : "、") + detail;
}

/// Those that the decision names; of one in part, which names none, those that the worksheet found.
std::vector<Reason> reasons_of(const Case& request, const json& decision, Outcome outcome) {
    std::vector<Reason> reasons;
    if (const auto grounds = decision.find("grounds"); grounds != decision.end() && grounds->is_array())
        for (const json& code : *grounds)
            if (code.is_string()) add_once(reasons, code.get<std::string>());
    if (!reasons.empty() || outcome != Outcome::granted_partial) return reasons;
    for (const std::string_view code : release::found_grounds(request))
        add_once(reasons, std::string{code});
    return reasons;
}

print::DecisionFacts not_held(const catalogue::RequestEvent& answer, unsigned remedy_days) {
    print::DecisionFacts facts{
        .outcome = Outcome::not_held,
        .reasons = {},
        .statement = {},
        .conditions = {},
        .decided = answer.at,
        .decider = answer.principal,
        .remedy_days = remedy_days,
    };
    const json told = json::parse(answer.facts, nullptr, false);
    if (!told.is_object()) return facts;
    facts.statement = text_in(told, "reasons");
    if (const auto proofs = told.find("proofs"); proofs != told.end() && proofs->is_array())
        for (const json& proof : *proofs)
            if (const std::string code = text_in(proof, "code"); !code.empty())
                add_once(facts.reasons, code, text_in(proof, "controller"));
    return facts;
}

}  // namespace

std::optional<print::DecisionFacts>
decision_of(const Case& request, const History& history, unsigned remedy_days) {
    using enum RequestAction;
    // The last answer counts: what was decided before it is over, and may be another one.
    const auto* answer = find_last(history, {grant, grant_part, refuse, answer_not_held});
    if (answer == nullptr) return std::nullopt;
    if (answer->action == release::to_string(answer_not_held)) return not_held(*answer, remedy_days);
    const json decision = json::parse(request.decision, nullptr, false);
    if (!decision.is_object() || !request.decided) return std::nullopt;
    const std::string result = text_in(decision, "result");
    const Outcome outcome = result == "granted"           ? Outcome::granted
                            : result == "granted_partial" ? Outcome::granted_partial
                                                          : Outcome::refused;
    return print::DecisionFacts{
        .outcome = outcome,
        .reasons = reasons_of(request, decision, outcome),
        .statement = text_in(decision, "reasons"),
        .conditions = text_in(decision, "conditions"),
        .decided = *request.decided,
        .decider = text_in(decision, "by"),
        .remedy_days = remedy_days,
    };
}

std::optional<print::Completion> completion_of(const Case& request, const History& history) {
    const auto* event = find_last(history, {RequestAction::complete});
    if (event == nullptr) return std::nullopt;
    return print::Completion{.kind = request.kind, .at = event->at, .signer = request.applicant};
}

}  // namespace sluice::api::requests
