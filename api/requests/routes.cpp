#include "api/requests/routes.hpp"

#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/idempotency.hpp"
#include "api/requests/detail/case_view.hpp"
#include "api/requests/detail/common.hpp"
#include "api/requests/detail/form.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;
using release::Case;

namespace requests {
namespace {

/// A person asks in the own name, and internally only; the secretariat enters what comes on paper.
Got<void> place_in_channel(const Call& call, const Body& body, Case& request) {
    const auto word = body.required_text("channel", 16);
    if (!word) return std::unexpected(word.error());
    const auto channel = release::channel_from(*word);
    if (!channel) return std::unexpected(bad_member("channel", "Must be internal, external or judicial."));
    request.channel = *channel;
    const bool is_secretariats = has_role(call, "secretariat");
    if (!is_secretariats && request.channel != release::Channel::internal)
        return std::unexpected(
            problem(403, "ROLE_NOT_ALLOWED", "Requests from outside are entered by the secretariat.")
        );
    // Who is named by nobody else asks for himself.
    if (is_secretariats && body.has("applicant")) return {};
    if (request.channel != release::Channel::internal) return {};
    request.applicant_id = call.principal->id;
    request.applicant = call.principal->name;
    request.unit = call.standing.unit;
    request.form.is_secretariats = is_secretariats;
    return {};
}

ledger::Act act_of(const Call& call, const char* action, const Case& request, std::string facts) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "request", .id = to_string(request.id)},
        .facts = std::move(facts),
    };
}

/// Who asks with an account has its name and its unit, whatever the form says: that unit's head signs.
Got<void> read_whole_form(const Call& call, const Body& body, Case& request) {
    const std::string name = request.applicant;
    const std::string unit = request.unit;
    if (auto read = read_form(call, body, request); !read || !request.applicant_id) return read;
    request.applicant = name;
    if (!unit.empty()) request.unit = unit;
    return {};
}

Answer create(const Call& call) {
    std::vector<std::string> members = form_members();
    members.emplace_back("channel");
    const auto body = Body::parse(call.request, members);
    if (!body) return std::unexpected(body.error());
    const auto wanted_id = idempotent_id(call, "request");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    Case request;
    request.id = wanted_id->value_or(make_uuid_v7(call.now));
    request.created = request.since = call.now;
    request.enterer_id = call.principal->id;
    request.enterer = call.principal->name;
    if (const auto placed = place_in_channel(call, *body, request); !placed)
        return std::unexpected(placed.error());
    if (const auto read = read_whole_form(call, *body, request); !read) return std::unexpected(read.error());
    const auto slugs = slugs_of(call, request.cameras);
    if (!slugs) return std::unexpected(slugs.error());
    const auto made = catalogue::create_request(
        call.services.database.pool(),
        request,
        act_of(call, "request.drafted", request, form_facts(request, *slugs))
    );
    if (!made) return std::unexpected(act_problem(made.error()));
    auto response = case_response(call, request.id, *made ? 201 : 200);
    if (response) response->set("Location", "/v1/requests/" + to_string(request.id));
    return response;
}

Answer change(const Call& call) {
    auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    Subject subject;
    subject.relation = relation_to(call, *request);
    if (const auto allowed = permit(call, Action::change_request, subject); !allowed)
        return std::unexpected(allowed.error());
    if (request->state != release::RequestState::draft && request->state != release::RequestState::correction)
        return std::unexpected(refused("REQUEST_STATE", "Only a draft, or one to be corrected, is changed."));
    if (const auto match = check_match(call, *request); !match) return std::unexpected(match.error());
    const auto body = Body::parse(call.request, form_members());
    if (!body) return std::unexpected(body.error());
    if (const auto read = read_whole_form(call, *body, *request); !read) return std::unexpected(read.error());
    const auto slugs = slugs_of(call, request->cameras);
    if (!slugs) return std::unexpected(slugs.error());
    const auto changed = catalogue::change_request(
        call.services.database.pool(),
        *request,
        act_of(call, "request.changed", *request, form_facts(*request, *slugs)),
        call.now
    );
    if (!changed) return std::unexpected(act_problem(changed.error()));
    if (!*changed) return std::unexpected(overtaken());
    return case_response(call, request->id);
}

template <class Enum>
Got<void> read_filter(
    const Call& call,
    const char* name,
    std::optional<Enum> (*from)(std::string_view) noexcept,
    std::optional<Enum>& into
) {
    const std::string* word = call.parameters.find(name);
    if (word == nullptr) return {};
    into = from(*word);
    if (!into) return std::unexpected(bad_parameter(name, "No such word; see the contract."));
    return {};
}

Got<catalogue::RequestFilter> parse_filter(const Call& call) {
    catalogue::RequestFilter filter;
    if (auto state = read_filter(call, "state", release::request_state_from, filter.state); !state)
        return std::unexpected(state.error());
    if (auto channel = read_filter(call, "channel", release::channel_from, filter.channel); !channel)
        return std::unexpected(channel.error());
    if (const std::string* unit = call.parameters.find("unit")) filter.unit = *unit;
    if (const std::string* slug = call.parameters.find("camera")) {
        const auto camera = find_camera_of(call, "camera", *slug);
        if (!camera) return std::unexpected(camera.error());
        filter.camera_id = camera->id;
    }
    // Whoever may not read other people's sees the own ones, and the unit's.
    Subject others;
    others.relation = Relation::other;
    if (!permit(call, Action::read_request, others)) {
        filter.seen_by = call.principal->id;
        filter.seen_by_unit = call.standing.unit;
    }
    return filter;
}

Answer list(const Call& call) {
    const auto filter = parse_filter(call);
    if (!filter) return std::unexpected(filter.error());
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::RequestCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::RequestCursor{place->from, place->id};
    }
    auto rows = catalogue::load_requests(call.services.database.pool(), *filter, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    json next = nullptr;
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = to_cursor(catalogue::SegmentCursor{rows->back().created, rows->back().id});
    }
    json items = json::array();
    for (const auto& row : *rows)
        items.push_back(to_json(row));
    return json_response(json{
        {"items", std::move(items)}, {"next", std::move(next)}
    }.dump(-1, ' ', false, json::error_handler_t::replace));
}

Answer read(const Call& call) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    return case_response(call, request->id);
}

}  // namespace

Answer case_response(const Call& call, const Uuid& id, unsigned status) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto request = catalogue::find_request(pool, id);
    if (!request) return std::unexpected(to_problem(request.error()));
    if (!*request) return std::unexpected(problem(404, "REQUEST_NOT_FOUND", "No request has this id."));
    const auto history = catalogue::load_request_events(pool, id);
    if (!history) return std::unexpected(to_problem(history.error()));
    const auto cameras = catalogue::load_cameras(pool, true);
    if (!cameras) return std::unexpected(to_problem(cameras.error()));
    Slugs slugs;
    for (const catalogue::CameraRow& camera : *cameras)
        slugs.emplace(camera.id, camera.slug);
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.set("ETag", '"' + std::to_string((*request)->revision) + '"');
    response.body =
        to_json(**request, *history, slugs).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    return response;
}

}  // namespace requests

bool takes_upload(std::string_view target) {
    return target.starts_with("/v1/requests/") && target.find("/attachments/") != std::string_view::npos;
}

void add_request_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/requests", Action::create_request, {}, requests::create));
    routes.push_back(make_route(
        "GET",
        "/v1/requests",
        Action::read_request,
        {"state", "channel", "unit", "camera", "limit", "cursor"},
        requests::list
    ));
    routes.push_back(make_route("GET", "/v1/requests/{id}", Action::read_request, {}, requests::read));
    routes.push_back(make_route("PATCH", "/v1/requests/{id}", Action::change_request, {}, requests::change));
    requests::add_step_routes(routes);
    requests::add_worksheet_routes(routes);
    requests::add_screening_route(routes);
    requests::add_inquiry_routes(routes);
    requests::add_evidence_routes(routes);
    requests::add_evaluate_route(routes);
}

}  // namespace sluice::api
