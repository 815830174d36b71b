#include "api/incidents/routes.hpp"

#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/http/range.hpp"
#include "api/idempotency.hpp"
#include "api/incidents/rules.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::api {
namespace {

using catalogue::IncidentRow;

constexpr std::size_t kLongestText = 4000;
constexpr std::array<std::string_view, 6> kLinkKinds{
    "event",
    "alarm",
    "request",
    "repair",
    "follow_up",
    "incident",
};

std::string etag_of(const IncidentRow& incident) {
    return '"' + std::to_string(incident.revision) + '"';
}

std::expected<IncidentRow, http::Problem> get_incident(const Call& call) {
    const auto not_found = problem(404, "INCIDENT_NOT_FOUND", "No incident has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(not_found);
    auto incident = catalogue::find_incident(call.services.database.pool(), *id);
    if (!incident) return std::unexpected(to_problem(incident.error()));
    if (!*incident) return std::unexpected(not_found);
    return std::move(**incident);
}

std::expected<policy::History, http::Problem> get_history(const Call& call) {
    auto history = catalogue::load_policy_history(call.services.database.pool());
    if (!history) return std::unexpected(to_problem(history.error()));
    return std::move(*history);
}

/// As it stands now, with everything that has gathered on it. Not cached: whether it is late changes with the
/// clock alone.
Answer incident_response(const Call& call, const Uuid& id, unsigned status) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto incident = catalogue::find_incident(pool, id);
    if (!incident) return std::unexpected(to_problem(incident.error()));
    if (!*incident) return std::unexpected(problem(404, "INCIDENT_NOT_FOUND", "No incident has this id."));
    const auto parts = catalogue::load_incident_parts(pool, id, call.now);
    if (!parts) return std::unexpected(to_problem(parts.error()));
    const auto history = get_history(call);
    if (!history) return std::unexpected(history.error());
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.set("ETag", etag_of(**incident));
    response.body = incident_json(**incident, &*parts, *history, call.now) + "\n";
    return response;
}

Answer report_incident(const Call& call) {
    const auto body = Body::parse(call.request, kIncidentMembers);
    if (!body) return std::unexpected(body.error());
    auto wanted = parse_incident(*body);
    if (!wanted) return std::unexpected(wanted.error());
    const auto id = idempotent_id(call, "incident");
    if (!id) return std::unexpected(id.error());
    const catalogue::NewIncident incident{
        .id = id->value_or(make_uuid_v7(call.now)),
        .kind = wanted->kind,
        .opened = call.now,
        .cause = std::move(wanted->cause),
        .subject = std::move(wanted->subject),
        .actor = actor_of(call),
        .severity = wanted->severity,
    };
    const auto raised = catalogue::raise_incident(call.services.database.pool(), incident);
    if (!raised) return std::unexpected(act_problem(raised.error()));
    Answer response = incident_response(call, incident.id, *raised ? 201 : 200);
    if (response && *raised) response->set("Location", "/v1/incidents/" + to_string(incident.id));
    return response;
}

std::expected<catalogue::IncidentFilter, http::Problem> parse_filter(const Call& call) {
    catalogue::IncidentFilter filter;
    if (const std::string* state = call.parameters.find("state")) {
        if (*state != "open") return std::unexpected(bad_parameter("state", "Must be open, or left out."));
        filter.is_open = true;
    }
    if (const std::string* kind = call.parameters.find("kind")) {
        filter.kind = duty::incident_kind_from(*kind);
        if (!filter.kind) return std::unexpected(bad_parameter("kind", "Not a kind of incident."));
    }
    return filter;
}

Answer list_incidents(const Call& call) {
    const auto filter = parse_filter(call);
    if (!filter) return std::unexpected(filter.error());
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::IncidentCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::IncidentCursor{place->from, place->id};
    }
    const auto history = get_history(call);
    if (!history) return std::unexpected(history.error());
    auto rows = catalogue::load_incidents(call.services.database.pool(), *filter, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{rows->back().opened, rows->back().id}) + '"';
    }
    std::string items;
    for (const IncidentRow& row : *rows)
        items += (items.empty() ? "" : ",") + incident_json(row, nullptr, *history, call.now);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_incident(const Call& call) {
    const auto incident = get_incident(call);
    if (!incident) return std::unexpected(incident.error());
    return incident_response(call, incident->id, 200);
}

std::expected<void, http::Problem> check_match(const Call& call, const IncidentRow& incident) {
    const std::string* match = call.request.find_header("if-match");
    if (match == nullptr)
        return std::unexpected(problem(
            428, "IF_MATCH_NEEDED", "Send the incident's ETag as If-Match, so that no other step is lost."
        ));
    if (!http::names_etag(*match, etag_of(incident), http::Comparison::strong))
        return std::unexpected(
            problem(412, "INCIDENT_CHANGED", "The incident has gone on since; read it again and decide anew.")
        );
    return {};
}

duty::IncidentAttempt attempt_of(
    const Call& call,
    const IncidentRow& incident,
    const catalogue::IncidentParts& parts,
    const StepRequest& step
) {
    return {
        .kind = incident.kind,
        .has_finding = !step.finding.empty(),
        .has_recipient = !step.recipient.empty(),
        .has_open_repair = parts.open_repairs > 0,
        .is_remediator = std::ranges::any_of(
            parts.steps,
            [&](const catalogue::IncidentStep& taken) {
                return taken.to == duty::IncidentState::remediated &&
                       taken.principal_id == call.principal->id;
            }
        ),
    };
}

Answer take_step(const Call& call) {
    const auto incident = get_incident(call);
    if (!incident) return std::unexpected(incident.error());
    const auto body = Body::parse(call.request, kStepMembers);
    if (!body) return std::unexpected(body.error());
    const auto wanted = parse_step(*body);
    if (!wanted) return std::unexpected(wanted.error());
    if (const auto match = check_match(call, *incident); !match) return std::unexpected(match.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto parts = catalogue::load_incident_parts(pool, incident->id, call.now);
    if (!parts) return std::unexpected(to_problem(parts.error()));
    const auto verdict = duty::step(
        incident->state,
        wanted->action,
        incident_parts_of(*call.principal, call.standing),
        attempt_of(call, *incident, *parts, *wanted)
    );
    if (!verdict.next) return std::unexpected(step_problem(verdict));
    const auto taken = catalogue::take_incident_step(
        pool,
        {.id = incident->id,
         .revision = incident->revision,
         .from = incident->state,
         .to = *verdict.next,
         .action = std::string{to_string(wanted->action)},
         .part = std::string{to_string(verdict.part)},
         .severity = wanted->severity,
         .actor = actor_of(call),
         .facts = step_facts(*wanted)},
        call.now
    );
    if (!taken) return std::unexpected(act_problem(taken.error()));
    if (!*taken)
        return std::unexpected(
            problem(412, "INCIDENT_CHANGED", "The incident has gone on since; read it again and decide anew.")
        );
    return incident_response(call, incident->id, 200);
}

Answer add_note(const Call& call) {
    const auto incident = get_incident(call);
    if (!incident) return std::unexpected(incident.error());
    const auto body = Body::parse(call.request, {"text"});
    if (!body) return std::unexpected(body.error());
    const auto text = body->required_text("text", kLongestText);
    if (!text) return std::unexpected(text.error());
    const auto added = catalogue::add_incident_note(
        call.services.database.pool(), incident->id, *text, actor_of(call), call.now
    );
    if (!added) return std::unexpected(act_problem(added.error()));
    return incident_response(call, incident->id, 201);
}

Answer add_link(const Call& call) {
    const auto incident = get_incident(call);
    if (!incident) return std::unexpected(incident.error());
    const auto body = Body::parse(call.request, {"kind", "target", "note"});
    if (!body) return std::unexpected(body.error());
    catalogue::IncidentLink link;
    auto kind = body->required_text("kind", 32);
    if (!kind) return std::unexpected(kind.error());
    if (std::ranges::find(kLinkKinds, *kind) == kLinkKinds.end())
        return std::unexpected(
            bad_member("kind", "Must be event, alarm, request, repair, follow_up or incident.")
        );
    auto target = body->required_text("target", 400);
    if (!target) return std::unexpected(target.error());
    auto note = body->text("note", kLongestText);
    if (!note) return std::unexpected(note.error());
    link.kind = std::move(*kind);
    link.target = std::move(*target);
    link.note = std::move(*note);
    link.at = call.now;
    const auto added = catalogue::add_incident_link(
        call.services.database.pool(), incident->id, link, actor_of(call), call.now
    );
    if (!added) return std::unexpected(act_problem(added.error()));
    return incident_response(call, incident->id, *added ? 201 : 200);
}

Answer add_footage(const Call& call) {
    const auto incident = get_incident(call);
    if (!incident) return std::unexpected(incident.error());
    const auto body = Body::parse(call.request, {"camera", "from", "to", "note"});
    if (!body) return std::unexpected(body.error());
    const auto slug = body->required_text("camera", 63);
    if (!slug) return std::unexpected(slug.error());
    const auto from = body->required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body->required_time("to");
    if (!to) return std::unexpected(to.error());
    if (*to <= *from) return std::unexpected(unfit_member("to", "INTERVAL_REVERSED", "Must be after from."));
    auto note = body->text("note", kLongestText);
    if (!note) return std::unexpected(note.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto camera = catalogue::find_camera(pool, *slug);
    if (!camera) return std::unexpected(to_problem(camera.error()));
    if (!*camera)
        return std::unexpected(unfit_member("camera", "CAMERA_NOT_FOUND", "No camera has this slug."));
    const catalogue::IncidentFootage footage{
        .camera = *slug, .range = {*from, *to}, .note = std::move(*note), .at = call.now, .adder = {}
    };
    const auto added =
        catalogue::add_incident_footage(pool, incident->id, (*camera)->id, footage, actor_of(call), call.now);
    if (!added) return std::unexpected(act_problem(added.error()));
    return incident_response(call, incident->id, *added ? 201 : 200);
}

}  // namespace

void add_incident_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/incidents", Action::report_incident, {}, report_incident));
    routes.push_back(make_route(
        "GET", "/v1/incidents", Action::read_incidents, {"state", "kind", "limit", "cursor"}, list_incidents
    ));
    routes.push_back(make_route("GET", "/v1/incidents/{id}", Action::read_incidents, {}, read_incident));
    routes.push_back(make_route("POST", "/v1/incidents/{id}/steps", Action::handle_incident, {}, take_step));
    routes.push_back(make_route("POST", "/v1/incidents/{id}/notes", Action::handle_incident, {}, add_note));
    routes.push_back(make_route("POST", "/v1/incidents/{id}/links", Action::handle_incident, {}, add_link));
    routes.push_back(
        make_route("POST", "/v1/incidents/{id}/footage", Action::handle_incident, {}, add_footage)
    );
}

}  // namespace sluice::api
