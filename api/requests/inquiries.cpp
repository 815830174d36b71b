#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/idempotency.hpp"
#include "api/requests/detail/common.hpp"
#include "storage/catalogue/evidence_repository.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

/// Third persons whom a decision would touch are asked in writing, and may answer for some days.
namespace sluice::api::requests {

using nlohmann::json;
using release::Case;
using release::Inquiry;

namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestNote = 4000;

/// Of an open case with a dossier.
Got<Case> get_open_case(const Call& call) {
    auto request = get_case(call);
    if (!request) return request;
    if (!request->dossier_number || request->state == release::RequestState::closed)
        return std::unexpected(refused("REQUEST_STATE", "Third persons are asked in an open case."));
    if (const auto match = check_match(call, *request); !match) return std::unexpected(match.error());
    return request;
}

Answer ask(const Call& call) {
    const auto request = get_open_case(call);
    if (!request) return std::unexpected(request.error());
    const auto body = Body::parse(call.request, {"person", "document"});
    if (!body) return std::unexpected(body.error());
    auto person = body->required_text("person", kLongestName);
    if (!person) return std::unexpected(person.error());
    auto document = body->required_text("document", kLongestName);
    if (!document) return std::unexpected(document.error());
    const auto wanted_id = idempotent_id(call, "inquiry " + to_string(request->id));
    if (!wanted_id) return std::unexpected(wanted_id.error());
    const bool is_there = *wanted_id && std::ranges::find(request->inquiries, **wanted_id, &Inquiry::id) !=
                                            request->inquiries.end();
    if (is_there) return case_response(call, request->id);
    const auto is_asked = [&](const Inquiry& one) { return one.person == *person && !one.answered; };
    if (std::ranges::any_of(request->inquiries, is_asked))
        return std::unexpected(problem(409, "INQUIRY_OPEN", "This person is being asked already."));
    const auto policy = get_policy(call, *request);
    if (!policy) return std::unexpected(policy.error());
    const auto due = due_after(call, call.now, policy->policy.deadlines.third_party_days);
    if (!due) return std::unexpected(due.error());
    const Inquiry inquiry{
        .id = wanted_id->value_or(make_uuid_v7(call.now)),
        .person = std::move(*person),
        .document = std::move(*document),
        .asked = call.now,
        .due = *due,
        .answer = {},
        .answered = std::nullopt,
        .note = {},
    };
    const json facts{
        {"inquiry", to_string(inquiry.id)},
        {"person", inquiry.person},
        {"document", inquiry.document},
        {"due", to_rfc3339(inquiry.due)},
    };
    const auto asked = catalogue::add_inquiry(
        call.services.database.pool(), bring(call, *request, "third_party.asked", facts), inquiry
    );
    if (!asked) return std::unexpected(act_problem(asked.error()));
    if (!*asked) return std::unexpected(overtaken());
    return case_response(call, request->id, 201);
}

/// A consent is more than an answer: it has a scope and a paper, and closes the inquiry by itself.
Answer enter_answer(const Call& call) {
    const auto request = get_open_case(call);
    if (!request) return std::unexpected(request.error());
    const auto id = uuid_from_string(call.variables.at(1));
    const auto found =
        id ? std::ranges::find(request->inquiries, *id, &Inquiry::id) : request->inquiries.end();
    if (found == request->inquiries.end())
        return std::unexpected(problem(404, "INQUIRY_NOT_FOUND", "The case has no such inquiry."));
    if (found->answered) return std::unexpected(problem(409, "INQUIRY_ANSWERED", "It was answered already."));
    const auto body = Body::parse(call.request, {"answer", "note"});
    if (!body) return std::unexpected(body.error());
    const auto answer = body->required_text("answer", 16);
    if (!answer) return std::unexpected(answer.error());
    if (*answer != "objected")
        return std::unexpected(bad_member(
            "answer", "Must be objected; a consent is recorded with its paper, at the request's consents."
        ));
    const auto note = body->required_text("note", kLongestNote);
    if (!note) return std::unexpected(note.error());
    const json facts{
        {"inquiry", to_string(*id)}, {"person", found->person}, {"answer", *answer}, {"note", *note}
    };
    const auto done = catalogue::answer_inquiry(
        call.services.database.pool(),
        bring(call, *request, "third_party.answered", facts),
        *id,
        *answer,
        *note
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(overtaken());
    return case_response(call, request->id);
}

}  // namespace

void add_inquiry_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/requests/{id}/inquiries", Action::record_consent, {}, ask));
    routes.push_back(make_route(
        "POST", "/v1/requests/{id}/inquiries/{inquiry}/answer", Action::record_consent, {}, enter_answer
    ));
}

}  // namespace sluice::api::requests
