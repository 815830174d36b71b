#include "api/requests/detail/common.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/http/range.hpp"
#include "api/parameters.hpp"
#include "storage/calendar/calendar.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/request_repository.hpp"
#include "storage/release/codes.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;
using release::Part;

namespace {

constexpr std::size_t kMostPlaces = 1000;

http::Problem not_found() {
    return problem(404, "REQUEST_NOT_FOUND", "No request has this id, or it is not yours to see.");
}

bool has_lent(const Call& call, Role role) {
    return std::ranges::find(call.standing.lent_roles, role) != call.standing.lent_roles.end();
}

/// The unit of the asker's account; empty: none.
const std::string& unit_of(const Call& call) {
    return call.standing.unit;
}

Got<release::Place> parse_place(const Call& call, std::string_view field, const json& one) {
    const auto bad = [&] {
        return std::unexpected(
            bad_member(field, "Each has camera, from and to, and person where it is asked for.")
        );
    };
    if (!one.is_object()) return bad();
    for (const auto& [name, value] : one.items())
        if ((name != "camera" && name != "from" && name != "to" && name != "person") || !value.is_string())
            return bad();
    if (!one.contains("camera") || !one.contains("from") || !one.contains("to")) return bad();
    const auto from = from_rfc3339(one["from"].get<std::string>());
    const auto to = from_rfc3339(one["to"].get<std::string>());
    if (!from || !to) return bad();
    const auto camera = find_camera_of(call, field, one["camera"].get<std::string>());
    if (!camera) return std::unexpected(camera.error());
    if (*to <= *from)
        return std::unexpected(unfit_member(field, "INTERVAL_REVERSED", "`to` must be after `from`."));
    return release::Place{{camera->id, {*from, *to}}, one.value("person", std::string{})};
}

}  // namespace

http::Problem refused(std::string_view code, std::string detail) {
    const release::CodeRow* row = release::find_code(code);
    if (row == nullptr) return problem(500, "INTERNAL_ERROR", "The service failed at this request.");
    if (detail.empty()) detail = std::string{row->title} + '.';
    return problem(row->status, std::string{code}, std::move(detail));
}

bool has_role(const Call& call, std::string_view role) {
    const auto& roles = call.standing.roles;
    return std::ranges::find(roles, role) != roles.end();
}

Relation relation_to(const Call& call, const Case& request) {
    if (request.applicant_id == call.principal->id || request.enterer_id == call.principal->id)
        return Relation::own;
    const std::string& unit = unit_of(call);
    const bool is_asked = std::ranges::find(request.asked_units, unit) != request.asked_units.end();
    return !unit.empty() && (unit == request.unit || is_asked) ? Relation::unit : Relation::other;
}

Got<Case> get_case(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(not_found());
    auto found = catalogue::find_request(call.services.database.pool(), *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return std::unexpected(not_found());
    Subject subject;
    subject.relation = relation_to(call, **found);
    if (!permit(call, Action::read_request, subject)) return std::unexpected(not_found());
    return std::move(**found);
}

std::vector<Part> parts_of(const Call& call, const Case& request, release::RequestAction action) {
    std::vector<Part> parts;
    const std::string& unit = unit_of(call);
    const bool heads = has_role(call, "unit_head");
    const bool is_secretariats = has_role(call, "secretariat");
    const bool is_head = is_secretariats && heads;
    if (request.applicant_id == call.principal->id) parts.push_back(Part::applicant);
    if (heads && !unit.empty() && unit == request.unit) parts.push_back(Part::unit_head);
    if (has_role(call, "reviewer")) parts.push_back(Part::reviewer);
    if (has_role(call, "level1") || has_lent(call, Role::delegate_of_level1)) parts.push_back(Part::level1);
    if (has_role(call, "director")) parts.push_back(Part::director);
    if (has_lent(call, Role::delegate_of_director)) parts.push_back(Part::delegate);
    if (is_head) parts.push_back(Part::secretariat_head);
    // The head signs as such, not in the seat of the officer whose turn is before.
    const bool is_own_seat = action == release::RequestAction::sign && is_head;
    if (is_secretariats && (!is_own_seat || request.handler_id == call.principal->id))
        parts.push_back(Part::handler);
    if (has_role(call, "ethics")) parts.push_back(Part::ethics);
    const auto& asked = request.asked_units;
    if (heads && std::ranges::find(asked, unit) != asked.end()) parts.push_back(Part::consulted);
    if (is_secretariats && request.slot && request.slot->escort_id == call.principal->id)
        parts.push_back(Part::escort);
    return parts;
}

release::Doer doer_of(const Call& call) {
    return {
        .id = call.principal->id,
        .name = call.principal->name,
        .unit = unit_of(call),
        .is_secretariats = has_role(call, "secretariat"),
    };
}

Got<policy::Version> get_policy(const Call& call, const Case& request) {
    const auto history = catalogue::load_policy_history(call.services.database.pool());
    if (!history) return std::unexpected(to_problem(history.error()));
    if (!request.policy_version) return policy::in_force(*history, call.now);
    const auto found = std::ranges::find(*history, *request.policy_version, &policy::Version::number);
    if (found == history->end())
        return std::unexpected(problem(500, "INTERNAL_ERROR", "The case's version of the policy is gone."));
    return *found;
}

Got<UtcTime> due_after(const Call& call, UtcTime start, unsigned count) {
    const auto calendar = catalogue::load_calendar(call.services.database.pool(), call.now);
    if (!calendar) return std::unexpected(to_problem(calendar.error()));
    return calendar::end_of(calendar::due_date(calendar::taipei_date(start), count, *calendar));
}

Got<catalogue::CameraRow> find_camera_of(const Call& call, std::string_view field, const std::string& slug) {
    const auto camera = catalogue::find_camera(call.services.database.pool(), slug);
    if (!camera) return std::unexpected(to_problem(camera.error()));
    if (!*camera)
        return std::unexpected(
            unfit_member(field, "CAMERA_NOT_FOUND", "No camera has the slug \"" + slug.substr(0, 63) + "\".")
        );
    return **camera;
}

Got<std::vector<std::string>> slugs_of(const Call& call, const std::vector<Uuid>& cameras) {
    const auto known = catalogue::load_cameras(call.services.database.pool(), true);
    if (!known) return std::unexpected(to_problem(known.error()));
    std::vector<std::string> slugs;
    for (const Uuid& camera : cameras) {
        const auto found = std::ranges::find(*known, camera, &catalogue::CameraRow::id);
        slugs.push_back(found == known->end() ? to_string(camera) : found->slug);
    }
    return slugs;
}

Got<std::vector<release::Place>>
parse_places(const Call& call, std::string_view field, const std::string& text) {
    std::vector<release::Place> places;
    if (text.empty()) return places;
    const json list = json::parse(text, nullptr, false);
    if (!list.is_array() || list.size() > kMostPlaces)
        return std::unexpected(bad_member(field, "Must be a list of at most 1000 places."));
    for (const json& one : list) {
        auto place = parse_place(call, field, one);
        if (!place) return std::unexpected(place.error());
        places.push_back(std::move(*place));
    }
    return places;
}

catalogue::Bringing bring(const Call& call, const Case& request, const char* action, const json& facts) {
    return {
        .request_id = request.id,
        .revision = request.revision,
        .now = call.now,
        .act =
            {.action = action,
             .actor = actor_of(call),
             .subject = {.kind = "request", .id = to_string(request.id)},
             .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
             .policy_version = request.policy_version ? std::optional{std::to_string(*request.policy_version)}
                                                      : std::nullopt},
    };
}

http::Problem overtaken() {
    return problem(412, "REQUEST_CHANGED", "The request was changed since; read it again and decide anew.");
}

Got<void> check_match(const Call& call, const Case& request) {
    const std::string* match = call.request.find_header("if-match");
    if (match == nullptr) return {};
    const std::string etag = '"' + std::to_string(request.revision) + '"';
    if (!http::names_etag(*match, etag, http::Comparison::strong)) return std::unexpected(overtaken());
    return {};
}

}  // namespace sluice::api::requests
