#include "api/acts.hpp"
#include "api/doors/edits.hpp"
#include "api/doors/routes.hpp"
#include "api/doors/schedule_rules.hpp"
#include "api/idempotency.hpp"
#include "storage/access/icalendar.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

using catalogue::DoorRow;
using catalogue::OverrideRow;

constexpr std::chrono::days kLongestSchedule{370};
constexpr std::chrono::days kShownAhead{31};
constexpr std::size_t kLongestSlug = 63;

Parsed<DoorRow> get_door(const Call& call) {
    auto found = catalogue::find_door(call.services.database.pool(), call.variables.front());
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return no_such("DOOR_NOT_FOUND", "No door has this slug.");
    return std::move(**found);
}

ScheduleBasis basis_of(const DoorRow& row, const access::DoorSchedule& schedule, UtcTime at) {
    return {
        .hours = access::hours_at(schedule.hours, at),
        .is_planned = row.door.state == access::InventoryState::planned,
    };
}

Answer read_mode(const Call& call) {
    const auto door = get_door(call);
    if (!door) return std::unexpected(door.error());
    const auto asked = call.parameters.time("at");
    if (!asked) return std::unexpected(asked.error());
    const UtcTime at = asked->value_or(call.now);
    catalogue::Pool& pool = call.services.database.pool();
    const auto schedule = catalogue::load_schedule(pool, door->door, {at, at + Microseconds{1}});
    if (!schedule) return std::unexpected(to_problem(schedule.error()));
    const access::ModeAt is = access::mode_at(*schedule, at);
    std::optional<OverrideRow> over;
    if (is.override_id) {
        auto found = catalogue::find_override(pool, *is.override_id);
        if (!found) return std::unexpected(to_problem(found.error()));
        over = std::move(*found);
    }
    return json_response(
        mode_json(door->door.slug, at, is, over ? &*over : nullptr, basis_of(*door, *schedule, at))
    );
}

/// Both `from` and `to`, or neither: from today on.
Parsed<TimeRange> range_of(const Call& call) {
    if (call.parameters.find("from") != nullptr || call.parameters.find("to") != nullptr)
        return call.parameters.interval(kLongestSchedule);
    const UtcTime today = calendar::start_of(calendar::taipei_date(call.now));
    return TimeRange{today, today + kShownAhead};
}

struct Shown {
    DoorRow door;
    TimeRange range;
    std::vector<access::ModePeriod> periods;
    ScheduleBasis basis;
};
Parsed<Shown> get_schedule(const Call& call) {
    auto door = get_door(call);
    if (!door) return std::unexpected(door.error());
    const auto range = range_of(call);
    if (!range) return std::unexpected(range.error());
    const auto schedule = catalogue::load_schedule(call.services.database.pool(), door->door, *range);
    if (!schedule) return std::unexpected(to_problem(schedule.error()));
    const ScheduleBasis basis = basis_of(*door, *schedule, range->from);
    return Shown{
        .door = std::move(*door),
        .range = *range,
        .periods = access::periods_in(*schedule, *range),
        .basis = basis,
    };
}

Answer read_schedule(const Call& call) {
    const auto shown = get_schedule(call);
    if (!shown) return std::unexpected(shown.error());
    return json_response(schedule_json(shown->door.door.slug, shown->range, shown->periods, shown->basis));
}

Answer export_schedule(const Call& call) {
    const auto shown = get_schedule(call);
    if (!shown) return std::unexpected(shown.error());
    const access::Door& door = shown->door.door;
    http::Response response;
    response.set("Content-Type", "text/calendar; charset=utf-8");
    response.set("Cache-Control", "private, no-cache");
    response.set("Content-Disposition", "attachment; filename=\"" + door.slug + ".ics\"");
    response.body = access::to_icalendar(door.slug, door.name, shown->periods, call.now);
    return response;
}

Parsed<OverrideRow> get_override(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    const auto not_found = no_such("OVERRIDE_NOT_FOUND", "No override has this id.");
    if (!id) return not_found;
    auto found = catalogue::find_override(call.services.database.pool(), *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return not_found;
    return std::move(**found);
}

http::Response override_response(unsigned status, const OverrideRow& row) {
    // Two revisions: as placed, and ended.
    return edited_response(status, row.end ? 2 : 1, override_json(row));
}

Answer place_override(const Call& call) {
    const auto body = Body::parse(call.request, kOverrideMembers);
    if (!body) return std::unexpected(body.error());
    auto row = parse_override(*body, call.now);
    if (!row) return std::unexpected(row.error());
    catalogue::Pool& pool = call.services.database.pool();
    if (body->has("door")) {
        const auto slug = body->required_text("door", kLongestSlug);
        if (!slug) return std::unexpected(slug.error());
        const auto door = catalogue::find_door(pool, *slug);
        if (!door) return std::unexpected(to_problem(door.error()));
        if (!*door) return std::unexpected(unfit_member("door", "DOOR_NOT_FOUND", "No door has this slug."));
        row->door_id = (*door)->door.id;
    }
    const auto wanted_id = idempotent_id(call, "door_override");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    row->id = wanted_id->value_or(make_uuid_v7(call.now));
    row->placer = call.principal->name;
    const auto placed = catalogue::open_override(pool, *row, actor_of(call), call.now);
    if (!placed) return std::unexpected(act_problem(placed.error()));
    const auto known = catalogue::find_override(pool, row->id);
    if (!known) return std::unexpected(to_problem(known.error()));
    if (!*known) return no_such("OVERRIDE_NOT_FOUND", "No override has this id.");
    auto response = override_response(*placed ? 201 : 200, **known);
    response.set("Location", "/v1/door-overrides/" + to_string(row->id));
    return response;
}

Answer read_override(const Call& call) {
    const auto row = get_override(call);
    if (!row) return std::unexpected(row.error());
    return override_response(200, *row);
}

Answer list_overrides(const Call& call) {
    const auto range = range_of(call);
    if (!range) return std::unexpected(range.error());
    catalogue::Pool& pool = call.services.database.pool();
    std::optional<Uuid> door_id;
    if (const std::string* slug = call.parameters.find("door")) {
        const auto door = catalogue::find_door(pool, *slug);
        if (!door) return std::unexpected(to_problem(door.error()));
        if (!*door)
            return std::unexpected(unfit_parameter("door", "DOOR_NOT_FOUND", "No door has this slug."));
        door_id = (*door)->door.id;
    }
    const auto rows = catalogue::load_overrides(pool, door_id, *range);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::vector<std::string> items;
    for (const OverrideRow& row : *rows)
        items.push_back(override_json(row));
    return list_response(items, {});
}

/// What an emergency, a duty period or an alarm has placed ends with it, and by hand as well: whoever stands
/// before the door knows best.
Answer end_override(const Call& call) {
    const auto row = get_override(call);
    if (!row) return std::unexpected(row.error());
    const auto body = Body::parse(call.request, {"reason", "withdraw"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", 1000);
    if (!reason) return std::unexpected(reason.error());
    const std::string withdraw = body->raw("withdraw");
    if (!withdraw.empty() && withdraw != "true" && withdraw != "false")
        return std::unexpected(bad_member("withdraw", "Must be true or false."));
    const auto done = catalogue::end_override(
        call.services.database.pool(),
        row->id,
        {.at = call.now, .reason = *reason, .actor = actor_of(call), .is_withdrawn = withdraw == "true"},
        call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done) return std::unexpected(problem(409, "OVERRIDE_ENDED", "It has been ended already."));
    return read_override(call);
}

Answer list_findings(const Call& call) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto controllers = catalogue::load_controllers(pool);
    if (!controllers) return std::unexpected(to_problem(controllers.error()));
    const auto doors = catalogue::load_doors(pool);
    if (!doors) return std::unexpected(to_problem(doors.error()));
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(to_problem(history.error()));
    auto missing = catalogue::load_missing_years(pool, call.now);
    if (!missing) return std::unexpected(to_problem(missing.error()));
    const auto findings = findings_of(
        {.controllers = *controllers,
         .doors = *doors,
         .hours = access::hours_at(access::hours_of(*history), call.now),
         .missing_years = std::move(*missing)}
    );
    std::vector<std::string> items;
    for (const Finding& finding : findings)
        items.push_back(to_json(finding));
    return list_response(items, {});
}

}  // namespace

void add_door_finding_routes(Routes& routes) {
    routes.push_back(make_route("GET", "/v1/door-findings", Action::read_doors, {}, list_findings));
}

void add_door_schedule_routes(Routes& routes) {
    const auto add = [&](const char* method,
                         const char* pattern,
                         Action action,
                         std::vector<std::string> parameters,
                         Answer (*handler)(const Call&)) {
        routes.push_back(make_route(method, pattern, action, std::move(parameters), handler));
    };
    add("GET", "/v1/doors/{slug}/mode", Action::read_doors, {"at"}, read_mode);
    add("GET", "/v1/doors/{slug}/schedule", Action::read_doors, {"from", "to"}, read_schedule);
    add("GET", "/v1/doors/{slug}/schedule.ics", Action::read_doors, {"from", "to"}, export_schedule);
    add("GET", "/v1/door-overrides", Action::read_doors, {"from", "to", "door"}, list_overrides);
    add("POST", "/v1/door-overrides", Action::decide_door_mode, {}, place_override);
    add("GET", "/v1/door-overrides/{id}", Action::read_doors, {}, read_override);
    add("POST", "/v1/door-overrides/{id}/end", Action::decide_door_mode, {}, end_override);
}

}  // namespace sluice::api
