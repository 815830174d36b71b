#include "api/holds/routes.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/cursor.hpp"
#include "api/holds/rules.hpp"
#include "api/http/range.hpp"
#include "api/idempotency.hpp"
#include "api/policy_in_force.hpp"
#include "storage/catalogue/duty_period_repository.hpp"
#include "storage/catalogue/hold_acts.hpp"
#include "storage/catalogue/incident_case_repository.hpp"
#include "storage/catalogue/request_repository.hpp"

#include <utility>

namespace sluice::api {
namespace {

using catalogue::HoldRow;
using catalogue::HoldState;

std::string etag_of(const HoldRow& hold) {
    return '"' + std::to_string(hold.revision) + '"';
}

/// Not cached: whether a hold is in force changes with the clock alone.
http::Response hold_response(
    const HoldRow& hold,
    const catalogue::HoldImpact* impact,
    const catalogue::HoldCopies* copies,
    UtcTime now
) {
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.set("ETag", etag_of(hold));
    response.body = hold_json(hold, impact, copies, now) + "\n";
    return response;
}

/// With what it keeps, and, once it is placed, the second copies of a special one.
Answer measured_response(const Call& call, const HoldRow& hold, bool is_placed = true) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto impact = catalogue::measure_hold(pool, hold.cameras, hold.range);
    if (!impact) return std::unexpected(to_problem(impact.error()));
    if (hold.kind != catalogue::HoldKind::special || !is_placed)
        return hold_response(hold, &*impact, nullptr, call.now);
    const auto copies = catalogue::measure_copies(pool, hold.id, call.now);
    if (!copies) return std::unexpected(to_problem(copies.error()));
    return hold_response(hold, &*impact, &*copies, call.now);
}

std::expected<HoldRow, http::Problem> get_hold(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    const auto not_found = problem(404, "HOLD_NOT_FOUND", "No hold has this id.");
    if (!id) return std::unexpected(not_found);
    auto hold = catalogue::find_hold(call.services.database.pool(), *id);
    if (!hold) return std::unexpected(to_problem(hold.error()));
    if (!*hold) return std::unexpected(not_found);
    return std::move(**hold);
}

/// An edit names the revision it has seen, so that it undoes nobody else's.
std::expected<void, http::Problem> check_match(const Call& call, const HoldRow& hold) {
    const std::string* match = call.request.find_header("if-match");
    if (match == nullptr)
        return std::unexpected(problem(
            428, "IF_MATCH_NEEDED", "Send the hold's ETag as If-Match, so that no other change is lost."
        ));
    if (!http::names_etag(*match, etag_of(hold), http::Comparison::strong))
        return std::unexpected(
            problem(412, "HOLD_CHANGED", "The hold was changed since; read it again and decide anew.")
        );
    return {};
}

/// Fills ids and slugs of the cameras that are named; retired ones too, their footage is still there.
std::expected<void, http::Problem>
name_cameras(const Call& call, const std::vector<std::string>& slugs, HoldRow& hold) {
    for (const std::string& slug : slugs) {
        const auto camera = catalogue::find_camera(call.services.database.pool(), slug);
        if (!camera) return std::unexpected(to_problem(camera.error()));
        if (!*camera)
            return std::unexpected(unfit_member(
                "cameras", "CAMERA_NOT_FOUND", "No camera has the slug \"" + slug.substr(0, 63) + "\"."
            ));
        hold.cameras.push_back((*camera)->id);
        hold.camera_slugs.push_back(slug);
    }
    return {};
}

http::Problem no_open_owner() {
    return unfit_member(
        "owner", "HOLD_OWNER_MISSING", "No such incident or duty period is open; name one that is."
    );
}

/// The incident or duty period that a hold belongs to; one that has ended owns nothing any more.
std::expected<void, http::Problem> name_owner(const Call& call, const Uuid& id, HoldRow& hold) {
    catalogue::Pool& pool = call.services.database.pool();
    const http::Problem missing = no_open_owner();
    if (hold.kind == catalogue::HoldKind::incident) {
        const auto incident = catalogue::find_incident(pool, id);
        if (!incident) return std::unexpected(to_problem(incident.error()));
        if (!*incident || duty::is_end((*incident)->state)) return std::unexpected(missing);
        hold.owner = std::string{to_string((*incident)->kind)};
    } else {
        const auto period = catalogue::find_duty_period(pool, id);
        if (!period) return std::unexpected(to_problem(period.error()));
        const auto end = *period ? catalogue::end_of(**period) : std::nullopt;
        if (!*period || (end && call.now >= *end)) return std::unexpected(missing);
        hold.owner = (*period)->name;
    }
    hold.owner_kind = std::string{to_string(hold.kind)};
    hold.owner_id = id;
    return {};
}

std::expected<HoldRow, http::Problem> make_hold(const Call& call) {
    const auto body = Body::parse(call.request, kHoldMembers);
    if (!body) return std::unexpected(body.error());
    const auto policy = policy_in_force(call);
    if (!policy) return std::unexpected(policy.error());
    auto request = parse_hold(*body, *policy, call.now);
    if (!request) return std::unexpected(request.error());
    HoldRow hold{
        .id = make_uuid_v7(call.now),
        .kind = request->kind,
        .range = request->range,
        .cameras = {},
        .reason = std::move(request->reason),
        .owner_kind = "principal",
        .owner_id = call.principal->id,
        .owner = call.principal->name,
        .legal_basis = std::move(request->legal_basis),
        .custodian = std::move(request->custodian),
        .review = request->review,
        .expires = request->expires,
        .placer_id = call.principal->id,
        .placer = call.principal->name,
        .placed = call.now,
        .release = std::nullopt,
    };
    if (const auto named = name_cameras(call, request->cameras, hold); !named)
        return std::unexpected(named.error());
    if (request->owner_id)
        if (const auto named = name_owner(call, *request->owner_id, hold); !named)
            return std::unexpected(named.error());
    return hold;
}

Answer place_hold(const Call& call) {
    auto hold = make_hold(call);
    if (!hold) return std::unexpected(hold.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto is_dry = call.parameters.flag("dry_run");
    if (!is_dry) return std::unexpected(is_dry.error());
    const auto wanted_id = idempotent_id(call, "hold");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    if (*wanted_id) hold->id = **wanted_id;
    bool is_new = true;
    if (!*is_dry) {
        const auto placed = catalogue::place_hold(pool, *hold, actor_of(call));
        if (!placed) return std::unexpected(to_problem(placed.error()));
        if (*placed == catalogue::HoldPlacing::owner_ended) return std::unexpected(no_open_owner());
        is_new = *placed == catalogue::HoldPlacing::placed;
    }
    if (!is_new) {
        auto known = catalogue::find_hold(pool, hold->id);
        if (!known) return std::unexpected(to_problem(known.error()));
        if (*known) hold = std::move(**known);
    }
    // Measured after placing: what it counts can't go any more.
    Answer response = measured_response(call, *hold, !*is_dry);
    if (*is_dry || !response) return response;
    response->status = is_new ? 201 : 200;
    response->set("Location", "/v1/holds/" + to_string(hold->id));
    return response;
}

std::expected<catalogue::HoldFilter, http::Problem> parse_filter(const Call& call) {
    catalogue::HoldFilter filter;
    const auto from = call.parameters.time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = call.parameters.time("to");
    if (!to) return std::unexpected(to.error());
    if (from->has_value() != to->has_value())
        return std::unexpected(bad_parameter(*from ? "to" : "from", "from and to go together."));
    if (*from) {
        filter.overlapping = TimeRange{**from, **to};
        if (filter.overlapping->is_empty())
            return std::unexpected(unfit_parameter("to", "INTERVAL_REVERSED", "Must be after from."));
    }
    if (const std::string* state = call.parameters.find("state")) {
        if (*state != "active")
            return std::unexpected(bad_parameter("state", "Must be active, or left out."));
        filter.active_at = call.now;
    }
    if (const std::string* slug = call.parameters.find("camera")) {
        const auto camera = catalogue::find_camera(call.services.database.pool(), *slug);
        if (!camera) return std::unexpected(to_problem(camera.error()));
        if (!*camera)
            return std::unexpected(unfit_parameter("camera", "CAMERA_NOT_FOUND", "No camera has this slug."));
        filter.camera = (*camera)->id;
    }
    return filter;
}

Answer list_holds(const Call& call) {
    const auto filter = parse_filter(call);
    if (!filter) return std::unexpected(filter.error());
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::HoldCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::HoldCursor{place->from, place->id};
    }
    auto holds = catalogue::load_holds(call.services.database.pool(), *filter, after, *limit + 1);
    if (!holds) return std::unexpected(to_problem(holds.error()));
    std::string next = "null";
    if (holds->size() > *limit) {
        holds->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{holds->back().placed, holds->back().id}) + '"';
    }
    std::string items;
    for (const HoldRow& hold : *holds)
        items += (items.empty() ? "" : ",") + hold_json(hold, nullptr, nullptr, call.now);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_hold(const Call& call) {
    const auto hold = get_hold(call);
    if (!hold) return std::unexpected(hold.error());
    return measured_response(call, *hold);
}

/// The hold as it stands after a change; a change that found another revision was overtaken.
Answer answer_changed(const Call& call, const Result<bool>& changed) {
    if (!changed) return std::unexpected(to_problem(changed.error()));
    if (!*changed)
        return std::unexpected(
            problem(412, "HOLD_CHANGED", "The hold was changed since; read it again and decide anew.")
        );
    return read_hold(call);
}

Answer extend_hold(const Call& call) {
    const auto hold = get_hold(call);
    if (!hold) return std::unexpected(hold.error());
    const auto body = Body::parse(call.request, kExtensionMembers);
    if (!body) return std::unexpected(body.error());
    if (const auto match = check_match(call, *hold); !match) return std::unexpected(match.error());
    const auto policy = policy_in_force(call);
    if (!policy) return std::unexpected(policy.error());
    const auto extension = parse_extension(*body, *hold, *policy, call.now);
    if (!extension) return std::unexpected(extension.error());
    return answer_changed(
        call,
        catalogue::extend_hold(
            call.services.database.pool(),
            hold->id,
            hold->revision,
            extension->expires,
            extension->review,
            catalogue::hold_extended(
                *hold, extension->expires, extension->review, extension->reason, actor_of(call)
            ),
            call.now
        )
    );
}

/// Whether what it belongs to is still under way. What nobody has a row of is over.
std::expected<bool, http::Problem> is_owner_open(const Call& call, const HoldRow& hold) {
    catalogue::Pool& pool = call.services.database.pool();
    if (hold.owner_kind == "request" || hold.owner_kind == "case") {
        const auto request = catalogue::find_request(pool, hold.owner_id);
        if (!request) return std::unexpected(to_problem(request.error()));
        return *request && (*request)->state != release::RequestState::closed;
    }
    if (hold.owner_kind == "incident") {
        const auto incident = catalogue::find_incident(pool, hold.owner_id);
        if (!incident) return std::unexpected(to_problem(incident.error()));
        return *incident && !duty::is_end((*incident)->state);
    }
    if (hold.owner_kind == "duty_period") {
        const auto period = catalogue::find_duty_period(pool, hold.owner_id);
        if (!period) return std::unexpected(to_problem(period.error()));
        const auto end = *period ? catalogue::end_of(**period) : std::nullopt;
        return *period && (!end || call.now < *end);
    }
    return false;
}

/// The footage of a case is its applicant's as well: nobody lets it go beside the case.
std::expected<void, http::Problem> check_owner(const Call& call, const HoldRow& hold) {
    const auto is_open = is_owner_open(call, hold);
    if (!is_open) return std::unexpected(is_open.error());
    if (!*is_open) return {};
    http::Problem owned =
        problem(409, "HOLD_OWNED", "It belongs to what is still under way, and ends with that.");
    owned.members.emplace_back("owner", owner_json(hold));
    return std::unexpected(std::move(owned));
}

Answer release_hold(const Call& call) {
    const auto hold = get_hold(call);
    if (!hold) return std::unexpected(hold.error());
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", 2000);
    if (!reason) return std::unexpected(reason.error());
    if (state_at(*hold, call.now) != HoldState::active)
        return std::unexpected(problem(409, "HOLD_ENDED", "The hold has ended already."));
    if (const auto free = check_owner(call, *hold); !free) return std::unexpected(free.error());
    return answer_changed(
        call,
        catalogue::release_hold(
            call.services.database.pool(),
            hold->id,
            hold->revision,
            call.principal->id,
            {call.principal->name, call.now, *reason},
            catalogue::hold_released(hold->id, hold->kind, *reason, actor_of(call))
        )
    );
}

}  // namespace

void add_hold_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/holds", Action::change_hold, {"dry_run"}, place_hold));
    routes.push_back(make_route(
        "GET",
        "/v1/holds",
        Action::read_holds,
        {"camera", "from", "to", "state", "limit", "cursor"},
        list_holds
    ));
    routes.push_back(make_route("GET", "/v1/holds/{id}", Action::read_holds, {}, read_hold));
    routes.push_back(make_route("PATCH", "/v1/holds/{id}", Action::change_hold, {}, extend_hold));
    routes.push_back(make_route("POST", "/v1/holds/{id}/release", Action::change_hold, {}, release_hold));
}

}  // namespace sluice::api
