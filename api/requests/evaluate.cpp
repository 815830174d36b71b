#include "api/body.hpp"
#include "api/requests/detail/common.hpp"
#include "api/requests/detail/form.hpp"
#include "storage/release/chain.hpp"
#include "storage/release/codes.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;
using release::Chain;
using release::Part;

namespace {

/// Persons of a case that is none: each seat another one.
Uuid made_up(std::size_t number) {
    Uuid id;
    id.bytes[15] = static_cast<std::uint8_t>(number + 1);
    return id;
}

template <class Enum>
Got<Enum>
read_word(const Body& body, const char* name, std::optional<Enum> (*from)(std::string_view) noexcept) {
    const auto word = body.required_text(name, 32);
    if (!word) return std::unexpected(word.error());
    const auto value = from(*word);
    if (!value) return std::unexpected(bad_member(name, "No such word; see the contract."));
    return *value;
}

Got<void> read_evidence(const Call& call, const Body& body, Case& request) {
    const auto words = body.texts("evidence", release::kEvidenceKinds);
    if (!words) return std::unexpected(words.error());
    for (const std::string& word : *words) {
        const auto kind = release::evidence_kind_from(word);
        if (!kind) return std::unexpected(bad_member("evidence", "Kinds of papers; see the contract."));
        release::Evidence piece;
        piece.kind = *kind;
        piece.added = call.now;
        request.evidence.push_back(piece);
    }
    return {};
}

/// Seats that have signed, of the chain that the state has under way and of the one before.
Got<void> read_signatures(const Body& body, Case& request) {
    for (const auto& [name, chain] : {std::pair{"signed_a", Chain::a}, std::pair{"signed_b", Chain::b}}) {
        const auto words = body.texts(name, release::kParts);
        if (!words) return std::unexpected(words.error());
        for (const std::string& word : *words) {
            const auto seat = release::part_from(word);
            if (!seat) return std::unexpected(bad_member(name, "Seats of the chain; see the contract."));
            release::Signature made;
            made.chain = chain;
            made.seat = *seat;
            made.signer_id = made_up(static_cast<std::size_t>(*seat));
            request.signatures.push_back(made);
        }
    }
    return {};
}

Got<Case> read_case(const Call& call, const Body& body) {
    Case request;
    const auto channel = read_word(body, "channel", release::channel_from);
    if (!channel) return std::unexpected(channel.error());
    const auto state = read_word(body, "state", release::request_state_from);
    if (!state) return std::unexpected(state.error());
    request.channel = *channel;
    request.state = *state;
    request.since = call.now;
    // An internal applicant has an account.
    if (*channel == release::Channel::internal)
        request.applicant_id = made_up(static_cast<std::size_t>(Part::applicant));
    if (auto form = read_form(call, body, request); !form) return std::unexpected(form.error());
    if (auto evidence = read_evidence(call, body, request); !evidence)
        return std::unexpected(evidence.error());
    if (auto signatures = read_signatures(body, request); !signatures)
        return std::unexpected(signatures.error());
    if (!body.has("grounds")) return request;
    auto findings = parse_findings(call, body.raw("grounds"));
    if (!findings) return std::unexpected(findings.error());
    request.findings = std::move(*findings);
    return request;
}

json verdict_json(const release::Verdict& verdict) {
    json out{
        {"next", verdict.next ? json(to_string(*verdict.next)) : json(nullptr)},
        {"part", to_string(verdict.part)},
        {"code", nullptr},
        {"article", verdict.article},
        {"status", 200},
        {"curable", nullptr},
        {"evidence_required", nullptr},
    };
    const release::CodeRow* row = release::find_code(verdict.code);
    if (row == nullptr) return out;
    out["code"] = row->code;
    out["status"] = row->status;
    out["curable"] = row->is_curable;
    if (!row->evidence.empty()) out["evidence_required"] = row->evidence;
    return out;
}

json open_json(const Case& request, const policy::RequestPolicy& policy) {
    json open = json::object();
    for (const auto& [name, chain] : {std::pair{"a", Chain::a}, std::pair{"b", Chain::b}}) {
        json seats = json::array();
        for (const release::ChainSeat& seat : open_seats(request, chain, policy))
            seats.push_back(to_string(seat.part));
        open[name] = std::move(seats);
    }
    return open;
}

/// What a step would come to in a case that is none: the same functions, and nothing is written.
Answer evaluate(const Call& call) {
    std::vector<std::string> members = form_members();
    for (const char* name :
         {"channel",
          "state",
          "action",
          "part",
          "evidence",
          "grounds",
          "signed_a",
          "signed_b",
          "reasons",
          "masked"})
        members.emplace_back(name);
    const auto body = Body::parse(call.request, members);
    if (!body) return std::unexpected(body.error());
    const auto request = read_case(call, *body);
    if (!request) return std::unexpected(request.error());
    const auto action = read_word(*body, "action", release::request_action_from);
    if (!action) return std::unexpected(action.error());
    const auto part = read_word(*body, "part", release::part_from);
    if (!part) return std::unexpected(part.error());
    const auto reasons = body->text("reasons", 4000);
    if (!reasons) return std::unexpected(reasons.error());
    const auto policy = get_policy(call, *request);
    if (!policy) return std::unexpected(policy.error());
    release::Attempt attempt;
    attempt.action = *action;
    attempt.reasons = *reasons;
    attempt.is_letter_verified = request->has(release::EvidenceKind::official_letter);
    attempt.is_masked = body->raw("masked") == "true";
    const release::Doer doer{made_up(static_cast<std::size_t>(*part)), "evaluated", {}, false};
    const Part parts[] = {*part};
    const release::Circumstances circumstances{
        call.now,
        policy->policy.requests,
        std::nullopt,
        release::decision_time(request->form.basis, policy->policy.deadlines).extension_days
    };
    json out = verdict_json(release::judge(*request, attempt, doer, parts, circumstances));
    out["policy_version"] = policy->number;
    out["open_seats"] = open_json(*request, policy->policy.requests);
    http::Response response = json_response(out.dump(-1, ' ', false, json::error_handler_t::replace));
    return response;
}

}  // namespace

void add_evaluate_route(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/policy/evaluate", Action::evaluate_policy, {}, evaluate));
}

}  // namespace sluice::api::requests
