#include "api/acts.hpp"
#include "api/http/text.hpp"
#include "api/requests/detail/common.hpp"
#include "storage/catalogue/evidence_repository.hpp"
#include "storage/catalogue/in_doubt.hpp"
#include "storage/evidence/evidence_store.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;

namespace {

evidence::EvidenceStore store_of(const Call& call) {
    return evidence::EvidenceStore{call.services.config.data / "spool"};
}

Got<release::EvidenceKind> parse_kind(const Call& call) {
    const std::string* word = call.parameters.find("kind");
    if (word == nullptr) {
        http::Problem made = bad_parameter("kind", "Say what it is: kind=police_report_form, consent, ….");
        made.code = "MISSING_PARAMETER";
        return std::unexpected(std::move(made));
    }
    const auto kind = release::evidence_kind_from(*word);
    if (!kind) return std::unexpected(bad_parameter("kind", "No such kind of paper; see the contract."));
    return *kind;
}

Got<void> permit_paper(const Call& call, const Case& request, Action action) {
    Subject subject;
    subject.relation = relation_to(call, request);
    return permit(call, action, subject);
}

Got<release::Evidence> make_evidence(const Call& call) {
    const std::string& name = call.variables.at(1);
    if (!evidence::is_fit_name(name))
        return std::unexpected(unfit_parameter(
            "name", "NAME_NOT_FIT", "1 to 120 bytes, no path, no control or direction characters."
        ));
    const auto kind = parse_kind(call);
    if (!kind) return std::unexpected(kind.error());
    const std::string& body = call.request.body;
    if (body.empty()) return std::unexpected(problem(422, "FILE_EMPTY", "The file has no content."));
    if (body.size() > evidence::kMostBytes)
        return std::unexpected(problem(413, "BODY_TOO_LONG", "A paper has at most 20 MiB."));
    const auto type = evidence::sniff(as_bytes(body));
    const std::string* sent = call.request.find_header("content-type");
    if (!type || (sent != nullptr && !http::is_same_word(http::trim(*sent), *type)))
        return std::unexpected(problem(
            415, "UNSUPPORTED_MEDIA_TYPE", "A paper is a PDF, a JPEG or a PNG, and says so in Content-Type."
        ));
    const std::string* note = call.parameters.find("note");
    return release::Evidence{
        .id = make_uuid_v7(call.now),
        .name = name,
        .kind = *kind,
        .media_type = std::string{*type},
        .bytes = body.size(),
        .sha256 = to_hex(sha256(as_bytes(body))),
        .note = note == nullptr ? std::string{} : *note,
        .adder = call.principal->name,
        .added = call.now,
    };
}

Answer put(const Call& call) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    if (const auto allowed = permit_paper(call, *request, Action::put_attachment); !allowed)
        return std::unexpected(allowed.error());
    if (request->state == release::RequestState::closed)
        return std::unexpected(refused("REQUEST_STATE", "A closed case takes no more papers."));
    const auto made = make_evidence(call);
    if (!made) return std::unexpected(made.error());
    const auto store = store_of(call);
    if (const auto saved = store.save(made->id, as_bytes(call.request.body)); !saved)
        return std::unexpected(to_problem(saved.error()));
    const json facts{
        {"name", made->name},
        {"kind", to_string(made->kind)},
        {"media_type", made->media_type},
        {"bytes", made->bytes},
        {"sha256", made->sha256},
        {"note", made->note},
    };
    const catalogue::Bringing bringing{
        .request_id = request->id,
        .revision = request->revision,
        .now = call.now,
        .act =
            {.action = "evidence.added",
             .actor = actor_of(call),
             .subject = {.kind = "request", .id = to_string(request->id)},
             .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace)},
    };
    const auto added = catalogue::add_evidence(
        call.services.database.pool(), bringing, *made, sha256(as_bytes(call.request.body))
    );
    // Where it is not known whether the row is there, the file stays: nothing may name a paper that is gone.
    if (added ? !*added : !catalogue::is_in_doubt(added.error())) store.drop(made->id);
    if (!added) return std::unexpected(act_problem(added.error()));
    if (!*added) return std::unexpected(overtaken());
    return case_response(call, request->id, 201);
}

Answer get(const Call& call) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    if (const auto allowed = permit_paper(call, *request, Action::read_attachment); !allowed)
        return std::unexpected(allowed.error());
    const auto found =
        catalogue::find_evidence(call.services.database.pool(), request->id, call.variables.at(1));
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return std::unexpected(problem(404, "ATTACHMENT_NOT_FOUND", "No paper has this name."));
    if (request->papers_destroyed)
        return std::unexpected(problem(
            410,
            "PAPER_DESTROYED",
            "The papers of this dossier were destroyed when their time was over; its register stays."
        ));
    const auto bytes = store_of(call).load((*found)->id);
    if (!bytes) return std::unexpected(to_problem(bytes.error()));
    if (to_hex(sha256(*bytes)) != (*found)->sha256)
        return std::unexpected(problem(500, "INTERNAL_ERROR", "The paper is not the one that was handed in.")
        );
    http::Response response;
    response.set("Content-Type", (*found)->media_type);
    response.set("Cache-Control", "no-store");
    // Never shown inside a page of ours.
    response.set(
        "Content-Disposition", "attachment; filename*=UTF-8''" + http::percent_encode((*found)->name)
    );
    response.body = std::string{as_text(*bytes)};
    return response;
}

}  // namespace

void add_evidence_routes(Routes& routes) {
    constexpr const char* kPattern = "/v1/requests/{id}/attachments/{name}";
    routes.push_back(make_route("PUT", kPattern, Action::put_attachment, {"kind", "note"}, put));
    routes.push_back(make_route("GET", kPattern, Action::read_attachment, {}, get));
}

}  // namespace sluice::api::requests
