#include "api/acts.hpp"
#include "api/requests/detail/scene.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;
using release::RequestAction;

namespace {

Got<std::optional<UtcTime>> remedy_of(const Call& call, const Case& request, const policy::Version& policy) {
    const bool is_not_held = request.state == release::RequestState::not_held;
    const auto decided = is_not_held ? std::optional{request.since} : request.decided;
    if (!decided) return std::nullopt;
    const auto due = due_after(call, *decided, policy.policy.deadlines.remedy_days);
    if (!due) return std::unexpected(due.error());
    return *due;
}

http::Problem refusal(const Case& request, const Try& tried, const release::Verdict& verdict) {
    std::string detail;
    if (verdict.code == "REQUEST_STATE")
        detail = "A request in state " + std::string{to_string(request.state)} + " takes no such step.";
    http::Problem made = refused(verdict.code, std::move(detail));
    if (verdict.code == "GRANT_EMPTY")
        made.members.emplace_back("cameras", json::parse(tried.extra)["outward"].dump());
    return made;
}

/// An appointment that there is already is not made a second time: its code stays good, and its session open.
bool is_there_already(const Case& request, const Try& tried) {
    const auto& wish = tried.attempt.slot;
    return tried.attempt.action == RequestAction::schedule && !tried.wants_new_code && wish && request.slot &&
           request.state == release::RequestState::scheduled && release::is_same(*request.slot, *wish);
}

/// With the code of a viewer, which is shown this once.
Answer step_response(const Call& call, const Case& request, const std::string& code) {
    auto response = case_response(call, request.id);
    if (!response || code.empty()) return response;
    json body = json::parse(std::get<std::string>(response->body));
    body["viewer_code"] = code;
    response->body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    return response;
}

Answer take(const Call& call, RequestAction action, Action permission) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    Subject subject;
    subject.relation = relation_to(call, *request);
    if (const auto allowed = permit(call, permission, subject); !allowed)
        return std::unexpected(allowed.error());
    if (const auto match = check_match(call, *request); !match) return std::unexpected(match.error());
    const auto policy = get_policy(call, *request);
    if (!policy) return std::unexpected(policy.error());
    const auto remedy = remedy_of(call, *request, *policy);
    if (!remedy) return std::unexpected(remedy.error());
    auto tried = read_attempt(call, action, *request);
    if (!tried) return std::unexpected(tried.error());
    const release::Circumstances circumstances{
        call.now,
        policy->policy.requests,
        *remedy,
        release::decision_time(request->form.basis, policy->policy.deadlines).extension_days
    };
    const auto parts = parts_of(call, *request, action);
    const auto judge = [&] {
        return release::judge(*request, tried->attempt, doer_of(call), parts, circumstances);
    };
    auto verdict = judge();
    // What it would open is looked up once nothing else stands against it.
    if (verdict.next && (action == RequestAction::grant || action == RequestAction::grant_part)) {
        if (auto resolved = resolve_grant(call, *request, *tried); !resolved)
            return std::unexpected(resolved.error());
        verdict = judge();
    }
    if (!verdict.next) return std::unexpected(refusal(*request, *tried, verdict));
    if (is_there_already(*request, *tried)) return case_response(call, request->id);
    std::string code;
    const auto step = make_step({call, *request, *tried, *policy, verdict}, code);
    if (!step) return std::unexpected(step.error());
    const auto done = catalogue::take_step(call.services.database.pool(), *step);
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(overtaken());
    return step_response(call, *request, code);
}

struct StepRoute {
    RequestAction action;
    Action permission;
};
constexpr std::array kSteps{
    StepRoute{RequestAction::submit, Action::request_submit},
    StepRoute{RequestAction::return_, Action::request_return},
    StepRoute{RequestAction::resubmit, Action::request_resubmit},
    StepRoute{RequestAction::sign, Action::request_sign},
    StepRoute{RequestAction::accept, Action::request_accept},
    StepRoute{RequestAction::screen, Action::request_screen},
    StepRoute{RequestAction::refer, Action::request_refer},
    StepRoute{RequestAction::answer_not_held, Action::request_answer_not_held},
    StepRoute{RequestAction::opine, Action::request_opine},
    StepRoute{RequestAction::grant, Action::request_grant},
    StepRoute{RequestAction::grant_part, Action::request_grant_part},
    StepRoute{RequestAction::refuse, Action::request_refuse},
    StepRoute{RequestAction::reopen, Action::request_reopen},
    StepRoute{RequestAction::schedule, Action::request_schedule},
    StepRoute{RequestAction::start, Action::request_start},
    StepRoute{RequestAction::interrupt, Action::request_interrupt},
    StepRoute{RequestAction::complete, Action::request_complete},
    StepRoute{RequestAction::close, Action::request_close},
    StepRoute{RequestAction::withdraw, Action::request_withdraw},
    StepRoute{RequestAction::appeal, Action::request_appeal},
    StepRoute{RequestAction::remand, Action::request_remand},
    StepRoute{RequestAction::uphold, Action::request_uphold},
    StepRoute{RequestAction::revoke, Action::request_revoke},
    StepRoute{RequestAction::extend, Action::request_extend},
};

}  // namespace

void add_step_routes(Routes& routes) {
    for (const StepRoute& step : kSteps)
        routes.push_back(make_route(
            "POST",
            "/v1/requests/{id}/" + std::string{to_string(step.action)},
            step.permission,
            {},
            [step](const Call& call) { return take(call, step.action, step.permission); }
        ));
}

}  // namespace sluice::api::requests
