#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/idempotency.hpp"
#include "api/requests/detail/common.hpp"
#include "api/requests/detail/scene.hpp"
#include "storage/catalogue/evidence_repository.hpp"
#include "storage/release/case_json.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;
using release::RequestState;

namespace {

constexpr std::size_t kLongestEvidence = 4000;
constexpr std::size_t kLongestName = 200;

Answer answer(const Call& call, const Case& request, const Result<bool>& brought, unsigned status = 200) {
    if (!brought) return std::unexpected(act_problem(brought.error()));
    if (!*brought) return std::unexpected(overtaken());
    return case_response(call, request.id, status);
}

Got<release::Finding> parse_finding(const Call& call, const json& one) {
    const auto bad = [](const char* detail) { return std::unexpected(bad_member("grounds", detail)); };
    if (!one.is_object()) return bad("Each has ground, answer, evidence and places.");
    for (const auto& [name, value] : one.items())
        if (name != "ground" && name != "answer" && name != "evidence" && name != "places")
            return bad("Each has ground, answer, evidence and places, and nothing else.");
    const auto text = [&](const char* name) {
        const auto found = one.find(name);
        return found != one.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    const auto ground = release::ground_from(text("ground"));
    const auto given = release::ground_answer_from(text("answer"));
    if (!ground)
        return bad("ground: statutory_secret, investigation, fair_trial, life_safety or third_party.");
    if (!given) return bad("answer: no, yes or unknown.");
    release::Finding finding{*ground, *given, text("evidence"), {}};
    if (finding.evidence.size() > kLongestEvidence)
        return std::unexpected(unfit_member("grounds", "TEXT_TOO_LONG", "evidence: at most 4000 bytes."));
    if (finding.answer == release::GroundAnswer::yes && finding.evidence.empty())
        return std::unexpected(unfit_member("grounds", "MEMBER_MISSING", "A yes needs its evidence."));
    auto places = parse_places(call, "grounds", one.contains("places") ? one["places"].dump() : "");
    if (!places) return std::unexpected(places.error());
    finding.places = std::move(*places);
    return finding;
}

/// The worksheet: answers to some grounds or to all.
Answer put_worksheet(const Call& call) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    if (request->state != RequestState::screening)
        return std::unexpected(
            refused("REQUEST_STATE", "The worksheet is filled in while the case is screened.")
        );
    if (request->applicant_id == call.principal->id)
        return std::unexpected(refused("SOD_SELF_APPROVAL", "Nobody screens what he has asked for."));
    if (const auto match = check_match(call, *request); !match) return std::unexpected(match.error());
    const auto body = Body::parse(call.request, {"grounds"});
    if (!body) return std::unexpected(body.error());
    const auto parsed = parse_findings(call, body->raw("grounds"));
    if (!parsed) return std::unexpected(parsed.error());
    const std::vector<release::Finding>& findings = *parsed;
    json facts = json::array();
    for (const release::Finding& finding : findings)
        facts.push_back({
            {"ground", to_string(finding.ground)},
            {"answer", to_string(finding.answer)},
            {"evidence", finding.evidence},
            {"places", release::to_json(finding.places)},
        });
    const auto bringing = bring(call, *request, "request.grounds_answered", {{"grounds", std::move(facts)}});
    return answer(
        call, *request, catalogue::save_findings(call.services.database.pool(), bringing, findings)
    );
}

Got<std::vector<release::Kind>> parse_kinds(const Body& body) {
    const auto words = body.texts("kinds", release::kKinds);
    if (!words) return std::unexpected(words.error());
    std::vector<release::Kind> kinds;
    for (const std::string& word : *words) {
        const auto kind = release::kind_from(word);
        if (!kind) return std::unexpected(bad_member("kinds", "view, copy, or both."));
        kinds.push_back(*kind);
    }
    if (kinds.empty())
        return std::unexpected(unfit_member("kinds", "MEMBER_MISSING", "view, copy, or both."));
    return kinds;
}

/// The paper that it stands on is one of the case's, and a consent.
Got<Uuid> parse_paper(const Body& body, const Case& request) {
    const auto name = body.required_text("attachment", kLongestName);
    if (!name) return std::unexpected(name.error());
    for (const release::Evidence& piece : std::views::reverse(request.evidence))
        if (piece.name == *name && piece.kind == release::EvidenceKind::consent) return piece.id;
    return std::unexpected(unfit_member(
        "attachment", "CONSENT_PAPER_MISSING", "Hand in the signed consent first (kind=consent)."
    ));
}

Got<release::Consent> parse_consent(const Call& call, const Body& body, const Case& request, const Uuid& id) {
    release::Consent consent;
    consent.id = id;
    consent.recorded = call.now;
    struct Member {
        const char* name;
        std::string* into;
        bool is_required;
    };
    for (const auto& [name, into, is_required] :
         {Member{"person", &consent.person, true},
          Member{"representative", &consent.representative, false},
          Member{"recipient", &consent.recipient, true}}) {
        auto text = is_required ? body.required_text(name, kLongestName) : body.text(name, kLongestName);
        if (!text) return std::unexpected(text.error());
        *into = std::move(*text);
    }
    consent.is_minor = body.raw("minor") == "true";
    if (consent.is_minor && consent.representative.empty())
        return std::unexpected(unfit_member(
            "representative", "MEMBER_MISSING", "A minor's consent is given by the legal representative."
        ));
    const auto from = body.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("to");
    if (!to) return std::unexpected(to.error());
    if (*to <= *from)
        return std::unexpected(unfit_member("to", "INTERVAL_REVERSED", "`to` must be after `from`."));
    consent.interval = {*from, *to};
    const auto slugs = body.texts("cameras", 256);
    if (!slugs) return std::unexpected(slugs.error());
    for (const std::string& slug : *slugs) {
        const auto camera = find_camera_of(call, "cameras", slug);
        if (!camera) return std::unexpected(camera.error());
        consent.cameras.push_back(camera->id);
    }
    if (consent.cameras.empty())
        return std::unexpected(unfit_member("cameras", "MEMBER_MISSING", "Name the cameras it covers."));
    auto kinds = parse_kinds(body);
    if (!kinds) return std::unexpected(kinds.error());
    consent.kinds = std::move(*kinds);
    const auto paper = parse_paper(body, request);
    if (!paper) return std::unexpected(paper.error());
    consent.evidence_id = *paper;
    return consent;
}

Answer record_consent(const Call& call) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    if (!request->dossier_number || request->state == RequestState::closed)
        return std::unexpected(refused("REQUEST_STATE", "Consents belong to an open case with a dossier."));
    const auto body = Body::parse(
        call.request,
        {"person", "minor", "representative", "recipient", "from", "to", "cameras", "kinds", "attachment"}
    );
    if (!body) return std::unexpected(body.error());
    const auto wanted_id = idempotent_id(call, "consent " + to_string(request->id));
    if (!wanted_id) return std::unexpected(wanted_id.error());
    const bool is_there =
        *wanted_id &&
        std::ranges::find(request->consents, **wanted_id, &release::Consent::id) != request->consents.end();
    if (is_there) return case_response(call, request->id);
    const auto consent = parse_consent(call, *body, *request, wanted_id->value_or(make_uuid_v7(call.now)));
    if (!consent) return std::unexpected(consent.error());
    const json facts{
        {"consent", to_string(consent->id)},
        {"person", consent->person},
        {"recipient", consent->recipient},
        {"from", to_rfc3339(consent->interval.from)},
        {"to", to_rfc3339(consent->interval.to)},
        {"evidence", to_string(consent->evidence_id)},
    };
    const auto bringing = bring(call, *request, "consent.recorded", facts);
    const auto added = catalogue::add_consent(call.services.database.pool(), bringing, *consent);
    return answer(call, *request, added, 201);
}

/// The step that a withdrawal brings about: the case is screened anew, and its grant ends. Both are one
/// transaction. Pre: `verdict` has a next state.
Answer reopen(
    const Call& call,
    const Case& request,
    const catalogue::Bringing& bringing,
    const catalogue::Withdrawal& withdrawal,
    const release::Verdict& verdict
) {
    const auto policy = get_policy(call, request);
    if (!policy) return std::unexpected(policy.error());
    Try tried;
    tried.attempt.action = release::RequestAction::reopen;
    tried.attempt.reasons = withdrawal.reason;
    tried.note = "consent withdrawn: " + to_string(withdrawal.consent_id);
    std::string code;
    auto step = make_step({call, request, tried, *policy, verdict}, code);
    if (!step) return std::unexpected(step.error());
    step->also = [bringing, withdrawal](pqxx::transaction_base& transaction) {
        return catalogue::withdraw_consent(transaction, bringing, withdrawal);
    };
    const auto done = catalogue::take_step(call.services.database.pool(), *step);
    if (!done) return std::unexpected(act_problem(done.error()));
    return answer(call, request, done->has_value());
}

/// Judges the case as it is without the consent: what its grant no longer covers is given out no more.
Answer withdraw_consent(const Call& call) {
    auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    const auto id = uuid_from_string(call.variables.at(1));
    const auto found =
        id ? std::ranges::find(request->consents, *id, &release::Consent::id) : request->consents.end();
    if (found == request->consents.end())
        return std::unexpected(problem(404, "CONSENT_NOT_FOUND", "The case has no such consent."));
    if (found->withdrawn)
        return std::unexpected(problem(409, "CONSENT_WITHDRAWN", "It was withdrawn already."));
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", kLongestEvidence);
    if (!reason) return std::unexpected(reason.error());
    const json facts{{"consent", to_string(*id)}, {"person", found->person}, {"reason", *reason}};
    const auto bringing = bring(call, *request, "consent.withdrawn", facts);
    found->withdrawn = call.now;
    const bool is_uncovered = !release::is_grant_covered(*request, call.now);
    const catalogue::Withdrawal withdrawal{*id, *reason, is_uncovered};
    if (is_uncovered) {
        release::Attempt attempt;
        attempt.action = release::RequestAction::reopen;
        constexpr std::array kHandler{release::Part::handler};
        const auto verdict =
            release::judge(*request, attempt, doer_of(call), kHandler, {.now = call.now, .policy = {}});
        if (verdict.next) return reopen(call, *request, bringing, withdrawal, verdict);
        // A case that is over is not screened anew, but nothing more is handed out of it.
    }
    return answer(
        call, *request, catalogue::withdraw_consent(call.services.database.pool(), bringing, withdrawal)
    );
}

}  // namespace

Got<std::vector<release::Finding>> parse_findings(const Call& call, const std::string& text) {
    const json list = json::parse(text, nullptr, false);
    if (!list.is_array() || list.empty() || list.size() > release::kGrounds)
        return std::unexpected(bad_member("grounds", "Must be a list of one to five answers."));
    std::vector<release::Finding> findings;
    for (const json& one : list) {
        auto finding = parse_finding(call, one);
        if (!finding) return std::unexpected(finding.error());
        if (std::ranges::find(findings, finding->ground, &release::Finding::ground) != findings.end())
            return std::unexpected(bad_member("grounds", "A ground is answered twice."));
        findings.push_back(std::move(*finding));
    }
    return findings;
}

void add_worksheet_routes(Routes& routes) {
    routes.push_back(
        make_route("PUT", "/v1/requests/{id}/screening", Action::screen_grounds, {}, put_worksheet)
    );
    routes.push_back(
        make_route("POST", "/v1/requests/{id}/consents", Action::record_consent, {}, record_consent)
    );
    routes.push_back(make_route(
        "POST", "/v1/requests/{id}/consents/{consent}/withdraw", Action::record_consent, {}, withdraw_consent
    ));
}

}  // namespace sluice::api::requests
