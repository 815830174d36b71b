#include "api/duty_periods/routes.hpp"

#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/duty_periods/rules.hpp"
#include "api/idempotency.hpp"
#include "api/policy_in_force.hpp"

#include <charconv>
#include <utility>

namespace sluice::api {
namespace {

using catalogue::DutyPeriodRow;

constexpr std::size_t kLongestText = 2000;

std::expected<Uuid, http::Problem> id_of(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(problem(404, "DUTY_PERIOD_NOT_FOUND", "No duty period has this id."));
    return *id;
}

Answer period_response(const Call& call, const Uuid& id, unsigned status) {
    const auto row = catalogue::find_duty_period(call.services.database.pool(), id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(problem(404, "DUTY_PERIOD_NOT_FOUND", "No duty period has this id."));
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    if (status == 201) response.set("Location", "/v1/duty-periods/" + to_string(id));
    response.body = period_json(**row, call.now) + "\n";
    return response;
}

Answer place_period(const Call& call) {
    const auto body = Body::parse(call.request, kPeriodMembers);
    if (!body) return std::unexpected(body.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    auto row = parse_period(*body, rules->duties, call.now);
    if (!row) return std::unexpected(row.error());
    const auto id = idempotent_id(call, "duty_period");
    if (!id) return std::unexpected(id.error());
    row->id = id->value_or(make_uuid_v7(call.now));
    const auto placed = catalogue::place_duty_period(pool, *row, actor_of(call), call.now);
    if (!placed) return std::unexpected(act_problem(placed.error()));
    return period_response(call, row->id, *placed ? 201 : 200);
}

Answer list_periods(const Call& call) {
    std::optional<UtcTime> at;
    if (const std::string* state = call.parameters.find("state")) {
        if (*state != "active")
            return std::unexpected(bad_parameter("state", "Must be active, or left out."));
        at = call.now;
    }
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::PeriodCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::PeriodCursor{place->from, place->id};
    }
    auto rows = catalogue::load_duty_periods(call.services.database.pool(), at, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{rows->back().from, rows->back().id}) + '"';
    }
    std::string items;
    for (const DutyPeriodRow& row : *rows)
        items += (items.empty() ? "" : ",") + period_json(row, call.now);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_period(const Call& call) {
    const auto id = id_of(call);
    if (!id) return std::unexpected(id.error());
    return period_response(call, *id, 200);
}

Answer end_period(const Call& call) {
    const auto id = id_of(call);
    if (!id) return std::unexpected(id.error());
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", kLongestText);
    if (!reason) return std::unexpected(reason.error());
    const auto ended =
        catalogue::end_duty_period(call.services.database.pool(), *id, *reason, actor_of(call), call.now);
    if (!ended) return std::unexpected(act_problem(ended.error()));
    Answer row = period_response(call, *id, 200);
    if (!row || *ended) return row;
    return std::unexpected(problem(409, "DUTY_PERIOD_OVER", "The duty period is over already."));
}

Answer tick_item(const Call& call) {
    const auto id = id_of(call);
    if (!id) return std::unexpected(id.error());
    const std::string& text = call.variables.at(1);
    unsigned number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto body = Body::parse(call.request, {"note"});
    if (!body) return std::unexpected(body.error());
    const auto note = body->required_text("note", kLongestText);
    if (!note) return std::unexpected(note.error());
    const auto row = catalogue::find_duty_period(call.services.database.pool(), *id);
    if (!row) return std::unexpected(to_problem(row.error()));
    const bool is_number = code == std::errc{} && end == text.data() + text.size();
    if (!*row || !is_number || number < 1 || number > (*row)->items.size())
        return std::unexpected(
            problem(404, "ITEM_NOT_FOUND", "No duty period has this item on its checklist.")
        );
    const auto ticked = catalogue::tick_period_item(
        call.services.database.pool(), *id, number, *note, actor_of(call), call.now
    );
    if (!ticked) return std::unexpected(act_problem(ticked.error()));
    if (!*ticked) return std::unexpected(problem(409, "ITEM_DONE", "The item was done before."));
    return period_response(call, *id, 200);
}

}  // namespace

void add_duty_period_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/duty-periods", Action::place_duty_period, {}, place_period));
    routes.push_back(
        make_route("GET", "/v1/duty-periods", Action::read_duties, {"state", "limit", "cursor"}, list_periods)
    );
    routes.push_back(make_route("GET", "/v1/duty-periods/{id}", Action::read_duties, {}, read_period));
    routes.push_back(
        make_route("POST", "/v1/duty-periods/{id}/end", Action::place_duty_period, {}, end_period)
    );
    routes.push_back(
        make_route("POST", "/v1/duty-periods/{id}/checklist/{number}", Action::do_duty, {}, tick_item)
    );
}

}  // namespace sluice::api
