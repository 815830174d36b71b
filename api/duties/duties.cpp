#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/duties/routes.hpp"
#include "api/duties/rules.hpp"
#include "api/idempotency.hpp"
#include "api/policy_in_force.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/retention/day_evidence.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

using calendar::days;
using calendar::taipei_date;
using catalogue::DutyRow;

/// A list of turns goes a little over a year back: the last turn of a yearly duty is always in it.
constexpr days kBack{400};
constexpr days kAhead{35};
constexpr std::size_t kLongestText = 2000;

std::expected<DutyRow, http::Problem> get_duty(const Call& call) {
    const auto not_found = problem(404, "DUTY_NOT_FOUND", "No duty has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(not_found);
    auto duty = catalogue::find_duty(call.services.database.pool(), *id);
    if (!duty) return std::unexpected(to_problem(duty.error()));
    if (!*duty) return std::unexpected(not_found);
    return std::move(**duty);
}

std::expected<calendar::Calendar, http::Problem> get_calendar(const Call& call) {
    auto calendar = catalogue::load_calendar(
        call.services.database.pool(), calendar::start_of(taipei_date(call.now) - kBack)
    );
    if (!calendar) return std::unexpected(to_problem(calendar.error()));
    return std::move(*calendar);
}

std::expected<std::vector<TurnView>, http::Problem>
load_turns(const Call& call, const DutyRow& duty, const calendar::Calendar& calendar, duty::Date to) {
    const duty::Date from = taipei_date(call.now) - kBack;
    const auto done = catalogue::load_duty_turns(call.services.database.pool(), duty.id, from, to);
    if (!done) return std::unexpected(to_problem(done.error()));
    return turns_of(duty, *done, from, to, calendar, call.now);
}

bool is_waited_for(const TurnView& view) {
    return view.state == duty::TurnState::overdue || view.state == duty::TurnState::due;
}

/// Duties with the turns that matter: what is late, due or near, and the last one done. With
/// `state=overdue` only those that are late.
Answer list_duties(const Call& call) {
    const std::string* state = call.parameters.find("state");
    if (state != nullptr && *state != "overdue")
        return std::unexpected(bad_parameter("state", "Must be overdue, or left out."));
    const auto duties = catalogue::load_duties(call.services.database.pool(), false);
    if (!duties) return std::unexpected(to_problem(duties.error()));
    const auto calendar = get_calendar(call);
    if (!calendar) return std::unexpected(calendar.error());
    std::string items;
    for (const DutyRow& duty : *duties) {
        auto turns = load_turns(call, duty, *calendar, taipei_date(call.now) + kAhead);
        if (!turns) return std::unexpected(turns.error());
        const auto last_done = std::ranges::find_if(turns->rbegin(), turns->rend(), [](const TurnView& view) {
            return view.done.has_value();
        });
        const auto last = last_done == turns->rend() ? duty::Date{} : last_done->turn.on;
        std::erase_if(*turns, [&](const TurnView& view) {
            if (state != nullptr) return view.state != duty::TurnState::overdue;
            return !is_waited_for(view) && view.state != duty::TurnState::upcoming && view.turn.on != last;
        });
        if (state != nullptr && turns->empty()) continue;
        items += (items.empty() ? "" : ",") + duty_json(duty, *turns);
    }
    return json_response("{\"items\":[" + items + "],\"next\":null}");
}

Answer duty_response(const Call& call, const Uuid& id, unsigned status) {
    const auto duty = catalogue::find_duty(call.services.database.pool(), id);
    if (!duty) return std::unexpected(to_problem(duty.error()));
    if (!*duty) return std::unexpected(problem(404, "DUTY_NOT_FOUND", "No duty has this id."));
    const auto calendar = get_calendar(call);
    if (!calendar) return std::unexpected(calendar.error());
    const auto turns = load_turns(call, **duty, *calendar, taipei_date(call.now) + kAhead);
    if (!turns) return std::unexpected(turns.error());
    http::Response response = json_response(duty_json(**duty, *turns));
    response.status = status;
    return response;
}

Answer read_duty(const Call& call) {
    const auto duty = get_duty(call);
    if (!duty) return std::unexpected(duty.error());
    return duty_response(call, duty->id, 200);
}

Answer create_duty(const Call& call) {
    const auto body = Body::parse(call.request, kDutyMembers);
    if (!body) return std::unexpected(body.error());
    auto duty = parse_duty(*body, taipei_date(call.now));
    if (!duty) return std::unexpected(duty.error());
    const auto id = idempotent_id(call, "duty");
    if (!id) return std::unexpected(id.error());
    duty->id = id->value_or(make_uuid_v7(call.now));
    const auto made = catalogue::create_duty(call.services.database.pool(), *duty, actor_of(call), call.now);
    if (!made) return std::unexpected(act_problem(made.error()));
    Answer response = duty_response(call, duty->id, *made ? 201 : 200);
    if (response && *made) response->set("Location", "/v1/duties/" + to_string(duty->id));
    return response;
}

Answer retire_duty(const Call& call) {
    const auto duty = get_duty(call);
    if (!duty) return std::unexpected(duty.error());
    const auto retired =
        catalogue::retire_duty(call.services.database.pool(), duty->id, actor_of(call), call.now);
    if (!retired) return std::unexpected(act_problem(retired.error()));
    return duty_response(call, duty->id, 200);
}

/// What was recorded while the UPS was tested, looked up now: the entry rests on it.
std::expected<std::string, http::Problem> ups_evidence(const Call& call, const Body& body) {
    const auto from = body.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("to");
    if (!to) return std::unexpected(to.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    const auto least = rules->duties.ups_test;
    if (*to > call.now)
        return std::unexpected(unfit_member("to", "TEST_NOT_OVER", "The test is entered when it is over."));
    if (*to - *from < least)
        return std::unexpected(unfit_member(
            "to", "TEST_TOO_SHORT", "The test runs at least " + std::to_string(least.count()) + " hours."
        ));
    const auto evidence = retention::load_evidence_of(pool, {*from, *to}, call.now);
    if (!evidence) return std::unexpected(to_problem(evidence.error()));
    return ups_evidence_json(*evidence);
}

/// The turn that the path names, when it has come near enough to be done.
std::expected<TurnView, http::Problem> get_turn(const Call& call, const DutyRow& duty) {
    const auto not_found = problem(404, "TURN_NOT_FOUND", "The duty has no such turn.");
    const auto day = calendar::date_from(call.variables.at(1));
    if (!day || *day < duty.starts) return std::unexpected(not_found);
    const auto calendar = get_calendar(call);
    if (!calendar) return std::unexpected(calendar.error());
    const auto turns = load_turns(call, duty, *calendar, taipei_date(call.now) + kAhead);
    if (!turns) return std::unexpected(turns.error());
    const auto found =
        std::ranges::find_if(*turns, [&](const TurnView& view) { return view.turn.on == *day; });
    if (found == turns->end()) return std::unexpected(not_found);
    return *found;
}

Answer do_turn(const Call& call) {
    const auto duty = get_duty(call);
    if (!duty) return std::unexpected(duty.error());
    const bool is_test = duty->kind == "ups_test";
    const auto body = is_test ? Body::parse(call.request, {"note", "from", "to"})
                              : Body::parse(call.request, {"note", "evidence"});
    if (!body) return std::unexpected(body.error());
    auto note = body->required_text("note", kLongestText);
    if (!note) return std::unexpected(note.error());
    const auto turn = get_turn(call, *duty);
    if (!turn) return std::unexpected(turn.error());
    if (turn->done)
        return std::unexpected(
            problem(409, "TURN_DONE", "This turn was done before; it stays as it was entered.")
        );
    std::string evidence = body->raw("evidence");
    if (evidence.empty()) evidence = "{}";
    if (evidence.front() != '{') return std::unexpected(bad_member("evidence", "Must be an object."));
    if (is_test) {
        auto made = ups_evidence(call, *body);
        if (!made) return std::unexpected(made.error());
        evidence = std::move(*made);
    }
    const auto done = catalogue::do_duty(
        call.services.database.pool(),
        duty->id,
        {.turn = turn->turn.on,
         .done = call.now,
         .note = std::move(*note),
         .evidence = std::move(evidence),
         .person = {}},
        actor_of(call),
        call.now
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done)
        return std::unexpected(
            problem(409, "TURN_DONE", "This turn was done before; it stays as it was entered.")
        );
    return duty_response(call, duty->id, 201);
}

}  // namespace

void add_duty_routes(Routes& routes) {
    routes.push_back(make_route("GET", "/v1/duties", Action::read_duties, {"state"}, list_duties));
    routes.push_back(make_route("POST", "/v1/duties", Action::manage_duties, {}, create_duty));
    routes.push_back(make_route("GET", "/v1/duties/{id}", Action::read_duties, {}, read_duty));
    routes.push_back(
        make_route("POST", "/v1/duties/{id}/retire", Action::manage_duties, {}, bodiless(retire_duty))
    );
    routes.push_back(make_route("POST", "/v1/duties/{id}/turns/{date}", Action::do_duty, {}, do_turn));
}

}  // namespace sluice::api
