#include "api/acts.hpp"
#include "api/requests/detail/attempt.hpp"
#include "api/requests/detail/form.hpp"
#include "config/base/log.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/release/codes.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using catalogue::TakenStep;
using nlohmann::json;
using release::Case;
using release::Entry;
using release::RequestAction;
using release::RequestState;

namespace {

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Everything that a step is made of.
struct Scene {
    const Call& call;
    const Case& request;
    const Try& tried;
    const policy::Version& policy;
    const release::Verdict& verdict;
};

json facts_of(const Scene& scene) {
    const Try& tried = scene.tried;
    json facts = json::object();
    const auto add = [&](const char* name, const std::string& text) {
        if (!text.empty()) facts[name] = text;
    };
    add("missing", tried.attempt.listed);
    add("ground", tried.attempt.ground);
    add("reasons", tried.attempt.reasons);
    add("note", tried.note);
    add("text", tried.text);
    add("conditions", tried.conditions);
    add("document", tried.document);
    add("escort", tried.escort);
    if (scene.tried.attempt.action == RequestAction::opine) facts["stance"] = to_string(tried.attempt.stance);
    if (!tried.attempt.refusal_grounds.empty()) facts["grounds"] = tried.attempt.refusal_grounds;
    if (!tried.units.empty()) facts["units"] = tried.units;
    if (tried.attempt.is_masked) facts["masked"] = true;
    if (scene.tried.attempt.action == RequestAction::answer_not_held) facts.update(json::parse(tried.extra));
    return facts;
}

/// What is asked for, for the register.
json line_facts(const Scene& scene, const std::vector<std::string>& slugs) {
    const Case& request = scene.request;
    json facts{
        {"channel", to_string(request.channel)},
        {"kind", to_string(request.kind)},
        {"unit", request.unit},
        {"applicant", request.applicant},
        {"reason", request.form.reason},
        {"cameras", slugs},
        {"received", to_rfc3339(request.submitted.value_or(request.created))},
    };
    if (request.interval) {
        facts["from"] = to_rfc3339(request.interval->from);
        facts["to"] = to_rfc3339(request.interval->to);
    }
    return facts;
}

Uuid person_of(const Scene& scene) {
    return scene.call.principal->id;
}

void add_words(const Scene& scene, TakenStep& step) {
    const release::Doer doer = doer_of(scene.call);
    const std::string unit = scene.verdict.part == release::Part::consulted ? doer.unit : std::string{};
    if (step.action == RequestAction::sign) {
        const bool is_a = scene.request.state == RequestState::submitted;
        step.signature = release::Signature{
            .chain = is_a ? release::Chain::a : release::Chain::b,
            .round = is_a ? scene.request.round_a : scene.request.round_b,
            .seat = scene.verdict.part,
            .unit = unit,
            .signer_id = doer.id,
            .signer = doer.name,
            .at = step.now,
            .note = scene.tried.note,
        };
    }
    if (step.action == RequestAction::opine)
        step.opinion = release::Opinion{
            .round = scene.request.round_b,
            .part = scene.verdict.part,
            .unit = unit,
            .stance = scene.tried.attempt.stance,
            .ground = scene.tried.attempt.ground,
            .text = scene.tried.text,
            .giver_id = doer.id,
            .giver = doer.name,
            .at = step.now,
        };
    if (step.action == RequestAction::refer) step.asked_units = scene.tried.units;
}

release::Grant grant_of(const Scene& scene, const TakenStep& step) {
    return {
        .id = make_uuid_v7(step.now),
        .kind = scene.request.kind,
        .decided = step.now,
        .valid_to = step.now + std::chrono::days{scene.policy.policy.requests.grant_days},
        .is_masked = scene.tried.attempt.is_masked,
        .conditions = scene.tried.conditions,
        .decider_id = person_of(scene),
        .decider = scene.call.principal->name,
        .items = scene.tried.items,
    };
}

json items_json(const release::Grant& grant) {
    json list = json::array();
    for (const release::GrantItem& item : grant.items)
        list.push_back({
            {"camera_id", to_string(item.camera_id)},
            {"asked_from", to_rfc3339(item.asked.from)},
            {"asked_to", to_rfc3339(item.asked.to)},
            {"from", to_rfc3339(item.resolved.from)},
            {"to", to_rfc3339(item.resolved.to)},
            {"outward", item.is_outward},
        });
    return list;
}

/// Grant, decision and what the register says of the end of a case.
void add_decision(const Scene& scene, const json& facts, TakenStep& step) {
    const bool is_grant = step.action == RequestAction::grant || step.action == RequestAction::grant_part;
    if (is_grant) step.grant = grant_of(scene, step);
    if (is_grant || step.action == RequestAction::refuse) {
        json decision = facts;
        decision["result"] = to_string(step.to);
        decision["by"] = scene.call.principal->name;
        decision["part"] = to_string(scene.verdict.part);
        if (step.due) decision["until"] = to_rfc3339(*step.due);
        if (step.grant) decision["items"] = items_json(*step.grant);
        step.decision = dump(decision);
    }
    step.ends_grant = step.action == RequestAction::revoke || step.action == RequestAction::reopen ||
                      step.action == RequestAction::close || step.action == RequestAction::uphold ||
                      step.action == RequestAction::appeal;
    struct Line {
        RequestAction action;
        Entry entry;
    };
    for (const Line& line :
         {Line{RequestAction::refuse, Entry::refused},
          Line{RequestAction::answer_not_held, Entry::not_held},
          Line{RequestAction::withdraw, Entry::withdrawn},
          Line{RequestAction::revoke, Entry::revoked},
          Line{RequestAction::complete, Entry::completed}})
        if (line.action == step.action) step.entry = catalogue::NewEntry{line.entry, dump(facts)};
}

catalogue::HoldRow hold_of(const Scene& scene, const TakenStep& step, catalogue::HoldKind kind, UtcTime end) {
    const Case& request = scene.request;
    catalogue::HoldRow hold;
    hold.id = make_uuid_v7(step.now);
    hold.kind = kind;
    hold.range = *request.interval;
    hold.cameras = request.cameras;
    hold.reason = "request " + to_string(request.id);
    hold.owner_kind = "request";
    hold.owner_id = request.id;
    hold.owner = request.applicant;
    if (kind == catalogue::HoldKind::legal) {
        hold.legal_basis =
            scene.tried.document.empty() ? "appeal, request " + to_string(request.id) : scene.tried.document;
    } else {
        hold.expires = end;
    }
    hold.placer_id = person_of(scene);
    hold.placer = scene.call.principal->name;
    hold.placed = step.now;
    return hold;
}

/// Overwriting runs on while people sign: what was asked for is kept from the submission to the end of the
/// case.
void add_holds(const Scene& scene, TakenStep& step) {
    using catalogue::HoldKind;
    const policy::RequestPolicy& policy = scene.policy.policy.requests;
    const UtcTime now = step.now;
    const auto replace = [&](HoldKind kind, UtcTime end) {
        step.holds = {.releases = true, .places = hold_of(scene, step, kind, end)};
    };
    const UtcTime remedy = now + std::chrono::days{scene.policy.policy.deadlines.remedy_days + 7};
    switch (step.action) {
        case RequestAction::submit:
        case RequestAction::resubmit:
            return replace(HoldKind::request, now + std::chrono::days{policy.hold_days});
        case RequestAction::grant:
        case RequestAction::grant_part:
            return replace(
                HoldKind::legal_case, std::max(step.grant->valid_to, remedy) + std::chrono::days{7}
            );
        case RequestAction::refuse:
            return replace(HoldKind::legal_case, remedy);
        case RequestAction::revoke:
            step.holds.limits_to = remedy;
            return;
        case RequestAction::withdraw:
            step.holds.limits_to = now + std::chrono::days{policy.withdrawn_hold_days};
            return;
        case RequestAction::answer_not_held:
        case RequestAction::uphold:
            step.holds.releases = true;
            return;
        case RequestAction::close:
            // A withdrawn or lapsed request's hold runs out by itself.
            step.holds.releases = step.from != RequestState::withdrawn && step.from != RequestState::lapsed;
            return;
        case RequestAction::appeal:
            step.holds.places = hold_of(scene, step, HoldKind::legal, now);
            return;
        default:
            return;
    }
}

/// When what is waited for next is late.
Got<std::optional<UtcTime>> next_due(const Scene& scene, RequestAction action) {
    const policy::Deadlines& days = scene.policy.policy.deadlines;
    const auto after = [&](unsigned count) -> Got<std::optional<UtcTime>> {
        const auto due = due_after(scene.call, scene.call.now, count);
        if (!due) return std::unexpected(due.error());
        return *due;
    };
    switch (action) {
        case RequestAction::return_:
            return after(days.correction_days);
        case RequestAction::accept:
        case RequestAction::reopen:
        case RequestAction::remand:
            return after(days.decision_days);
        case RequestAction::refuse:
        case RequestAction::answer_not_held:
            return after(days.remedy_days);
        case RequestAction::grant:
        case RequestAction::grant_part:
            return scene.call.now + std::chrono::days{scene.policy.policy.requests.grant_days};
        case RequestAction::schedule:
        case RequestAction::start:
        case RequestAction::interrupt:
            return scene.request.grant ? std::optional{scene.request.grant->valid_to} : std::nullopt;
        case RequestAction::sign:
        case RequestAction::screen:
        case RequestAction::refer:
        case RequestAction::opine:
            return scene.request.due;
        default:
            return std::nullopt;
    }
}

void add_notices(const Scene& scene, TakenStep& step) {
    std::vector<catalogue::NewNotice> notices;
    const auto tell = [&](catalogue::NoticeKind kind, const char* role, std::optional<Uuid> addressee = {}) {
        notices.push_back({
            .kind = kind,
            .subject_id = step.request_id,
            .audience = role,
            .addressee_id = addressee,
            .due = step.due,
        });
    };
    using enum catalogue::NoticeKind;
    const bool is_changed = step.from != step.to;
    if (is_changed && step.to == RequestState::submitted) tell(submitted, "secretariat");
    const auto& applicant = scene.request.applicant_id;
    if (step.action == RequestAction::return_)
        tell(correction_due, applicant ? "applicant" : "secretariat", applicant);
    if (is_changed && step.to == RequestState::countersigning) tell(countersign_wanted, "ethics");
    const bool is_decided = step.action == RequestAction::grant || step.action == RequestAction::grant_part ||
                            step.action == RequestAction::refuse;
    if (is_decided) tell(decision, applicant ? "applicant" : "secretariat", applicant);
    // The ethics office is told of a judicial request, and not asked.
    if (step.action == RequestAction::refer && step.to == RequestState::deciding) tell(submitted, "ethics");
    if (notices.empty()) return;
    step.also = [notices, now = step.now](pqxx::transaction_base& transaction) -> Status {
        for (const catalogue::NewNotice& notice : notices)
            static_cast<void>(catalogue::raise_notice(transaction, notice, now));
        return {};
    };
}

/// A code for a viewer without an account: told once, kept as a hash.
std::string add_slot(const Scene& scene, TakenStep& step) {
    if (step.action != RequestAction::schedule) return {};
    const release::SlotWish& wish = *scene.tried.attempt.slot;
    catalogue::NewSlot made{
        .slot =
            {.id = make_uuid_v7(step.now),
             .interval = wish.interval,
             .kind = wish.kind,
             .escort_id = *wish.escort_id,
             .escort = scene.tried.escort,
             .viewer_id = wish.viewer_id,
             .viewer = wish.viewer},
        .code_hash = std::nullopt,
    };
    std::string code;
    if (!wish.viewer_id) {
        constexpr std::string_view kLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";  // none looks like another
        std::array<std::uint8_t, 8> random{};
        fill_random(random.data(), random.size());
        for (const std::uint8_t byte : random)
            code += kLetters[byte % kLetters.size()];
        made.code_hash = sha256(as_bytes(code));
    }
    step.slot = std::move(made);
    return code;
}

Got<TakenStep> make_step(const Scene& scene, std::string& code) {
    const Call& call = scene.call;
    const Case& request = scene.request;
    const auto due = next_due(scene, scene.tried.attempt.action);
    if (!due) return std::unexpected(due.error());
    TakenStep step;
    step.request_id = request.id;
    step.revision = request.revision;
    step.action = scene.tried.attempt.action;
    step.part = scene.verdict.part;
    step.from = request.state;
    step.to = *scene.verdict.next;
    step.actor = actor_of(call);
    step.now = call.now;
    step.policy_version = request.policy_version;
    step.dossier_number = request.dossier_number;
    step.due = *due;
    const json facts = facts_of(scene);
    step.facts = dump(facts);
    if (step.action == RequestAction::accept) {
        const auto slugs = slugs_of(call, request.cameras);
        if (!slugs) return std::unexpected(slugs.error());
        step.acceptance = catalogue::Acceptance{scene.policy.number, dump(line_facts(scene, *slugs))};
        step.policy_version = scene.policy.number;
    }
    add_words(scene, step);
    add_decision(scene, facts, step);
    add_holds(scene, step);
    add_notices(scene, step);
    code = add_slot(scene, step);
    return step;
}

Got<std::optional<UtcTime>> remedy_of(const Call& call, const Case& request, const policy::Version& policy) {
    const bool is_not_held = request.state == RequestState::not_held;
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

/// With the code of a viewer, which is shown this once.
Answer step_response(const Call& call, const Case& request, const std::string& code) {
    auto response = case_response(call, request.id);
    if (!response || code.empty()) return response;
    json body = json::parse(std::get<std::string>(response->body));
    body["viewer_code"] = code;
    response->body = dump(body) + "\n";
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
    const release::Circumstances circumstances{call.now, policy->policy.requests, *remedy};
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
