#include "api/inspections/routes.hpp"

#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/http/range.hpp"
#include "api/inspections/rules.hpp"
#include "api/pages/page.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/retention/day_evidence.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

using calendar::days;
using calendar::start_of;
using calendar::taipei_date;
using catalogue::InspectionRow;

/// What the days of an interval are judged by, read once.
struct Sheets {
    policy::History history;
    calendar::Calendar calendar;
    std::vector<InspectionRow> versions;
    std::vector<catalogue::EvidenceRow> evidence;

    [[nodiscard]] DayFacts facts(duty::Date day, UtcTime now) const {
        // The rules that were in force on the day.
        const policy::DutyPolicy& policy = policy::in_force(history, start_of(day)).policy.duties;
        const auto of_day = std::ranges::equal_range(versions, day, {}, &InspectionRow::day);
        const auto seen = std::ranges::find(evidence, day, &catalogue::EvidenceRow::day);
        const auto filled = of_day.empty() ? std::nullopt : std::optional{of_day.front().at};
        return {
            .day = day,
            .is_working_day = calendar.is_working_day(day),
            .state = duty::sheet_state(day, filled, calendar, policy, now),
            .due = duty::sheet_due(day, policy),
            .versions = of_day,
            .evidence = seen == evidence.end() ? std::nullopt : std::optional{*seen},
        };
    }
};

std::expected<Sheets, http::Problem> load_sheets(const Call& call, duty::Date from, duty::Date to) {
    catalogue::Pool& pool = call.services.database.pool();
    auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(to_problem(history.error()));
    auto calendar = catalogue::load_calendar(pool, start_of(from));
    if (!calendar) return std::unexpected(to_problem(calendar.error()));
    auto versions = catalogue::load_inspections(pool, from, to);
    if (!versions) return std::unexpected(to_problem(versions.error()));
    auto evidence = catalogue::load_evidence(pool, from, to);
    if (!evidence) return std::unexpected(to_problem(evidence.error()));
    return Sheets{std::move(*history), std::move(*calendar), std::move(*versions), std::move(*evidence)};
}

/// Of a day that is not over: what can be seen by now.
std::expected<void, http::Problem> look_now(const Call& call, Sheets& sheets, duty::Date day) {
    const TimeRange seen{start_of(day), std::min(start_of(day + days{1}), call.now)};
    if (!sheets.evidence.empty() || seen.is_empty()) return {};
    const auto evidence = retention::load_evidence_of(call.services.database.pool(), seen, call.now);
    if (!evidence) return std::unexpected(to_problem(evidence.error()));
    sheets.evidence.push_back({
        .day = day,
        .taken = call.now,
        .cctv_ok = duty::is_cctv_ok(*evidence, policy::in_force(sheets.history, seen.from).policy.duties),
        .access_ok = duty::is_access_ok(*evidence),
        .facts = retention::to_json(*evidence),
    });
    return {};
}

std::expected<duty::Date, http::Problem> day_of(const Call& call) {
    const auto day = calendar::date_from(call.variables.front());
    if (!day) return std::unexpected(problem(404, "DAY_NOT_FOUND", "A day is named like 2026-11-26."));
    return *day;
}

Answer day_response(const Call& call, duty::Date day, unsigned status) {
    auto sheets = load_sheets(call, day, day + days{1});
    if (!sheets) return std::unexpected(sheets.error());
    if (const auto looked = look_now(call, *sheets, day); !looked) return std::unexpected(looked.error());
    const DayFacts facts = sheets->facts(day, call.now);
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.set("ETag", '"' + std::to_string(facts.versions.size()) + '"');
    response.body = day_json(facts) + "\n";
    return response;
}

Answer read_day(const Call& call) {
    const auto day = day_of(call);
    if (!day) return std::unexpected(day.error());
    return day_response(call, *day, 200);
}

bool says_the_same(const InspectionRow& one, const InspectionRow& two) {
    return one.access == two.access && one.cctv == two.cctv && one.remark == two.remark;
}

/// A correction stands beside what it corrects: it names the version that it has seen, and why.
std::expected<void, http::Problem>
check_correction(const Call& call, const std::vector<InspectionRow>& versions, const InspectionRow& row) {
    const std::string* match = call.request.find_header("if-match");
    if (versions.empty() && match == nullptr) return {};
    if (match == nullptr)
        return std::unexpected(problem(
            428, "IF_MATCH_NEEDED", "The day is filled: send its ETag as If-Match to correct the entry."
        ));
    if (!http::names_etag(*match, '"' + std::to_string(versions.size()) + '"', http::Comparison::strong))
        return std::unexpected(
            problem(412, "INSPECTION_CHANGED", "The day was filled since; read it again and decide anew.")
        );
    if (!versions.empty() && row.reason.empty())
        return std::unexpected(unfit_member("reason", "MEMBER_MISSING", "Say why the entry is corrected."));
    return {};
}

Answer fill_day(const Call& call) {
    const auto day = day_of(call);
    if (!day) return std::unexpected(day.error());
    const auto body = Body::parse(call.request, kInspectionMembers);
    if (!body) return std::unexpected(body.error());
    auto row = parse_inspection(*body, *day);
    if (!row) return std::unexpected(row.error());
    if (*day > taipei_date(call.now))
        return std::unexpected(problem(422, "INSPECTION_NOT_YET", "A day is inspected when it has come."));
    catalogue::Pool& pool = call.services.database.pool();
    const auto versions = catalogue::load_inspections(pool, *day, *day + days{1});
    if (!versions) return std::unexpected(to_problem(versions.error()));
    const bool is_repeated = !versions->empty() && call.request.find_header("if-match") == nullptr &&
                             says_the_same(versions->back(), *row);
    if (is_repeated) return day_response(call, *day, 200);
    if (const auto checked = check_correction(call, *versions, *row); !checked)
        return std::unexpected(checked.error());
    row->version = static_cast<int>(versions->size()) + 1;
    if (row->version == 1) row->reason.clear();
    const auto filled = catalogue::fill_inspection(pool, *row, actor_of(call), call.now);
    if (!filled) return std::unexpected(act_problem(filled.error()));
    if (*filled == catalogue::Filling::closed)
        return std::unexpected(
            problem(409, "MONTH_CLOSED", "The month is closed; its days take no entry any more.")
        );
    if (*filled == catalogue::Filling::overtaken)
        return std::unexpected(
            problem(412, "INSPECTION_CHANGED", "The day was filled since; read it again and decide anew.")
        );
    return day_response(call, *day, row->version == 1 ? 201 : 200);
}

/// A month with everything that is known of it.
struct MonthView {
    duty::Date month;
    Sheets sheets;
    std::optional<catalogue::ClosedMonth> closed;

    [[nodiscard]] std::vector<DayFacts> facts(UtcTime now) const {
        std::vector<DayFacts> list;
        for (duty::Date day = month; day < next_month(month); day += days{1})
            list.push_back(sheets.facts(day, now));
        return list;
    }
};

std::expected<MonthView, http::Problem> get_month(const Call& call) {
    const auto month = parse_month(call.variables.front());
    if (!month) return std::unexpected(month.error());
    auto sheets = load_sheets(call, *month, next_month(*month));
    if (!sheets) return std::unexpected(sheets.error());
    auto closed = catalogue::find_closed_month(call.services.database.pool(), *month);
    if (!closed) return std::unexpected(to_problem(closed.error()));
    return MonthView{.month = *month, .sheets = std::move(*sheets), .closed = std::move(*closed)};
}

Answer read_month(const Call& call) {
    const auto view = get_month(call);
    if (!view) return std::unexpected(view.error());
    return json_response(month_json(view->month, view->facts(call.now), view->closed));
}

/// The head of the unit that inspects, or the director.
bool may_close(const Call& call) {
    const auto has = [&](const char* role) {
        return std::ranges::find(call.principal->roles, role) != call.principal->roles.end();
    };
    return has("director") || (has("unit_head") && has("secretariat"));
}

Answer close_month(const Call& call) {
    if (!may_close(call))
        return std::unexpected(problem(
            403, "ROLE_NOT_ALLOWED", "A month is closed by the head of the secretariat or the director."
        ));
    const auto view = get_month(call);
    if (!view) return std::unexpected(view.error());
    if (call.now < start_of(next_month(view->month)))
        return std::unexpected(problem(409, "MONTH_NOT_OVER", "A month is closed when it is over."));
    std::vector<duty::Date> missed;
    for (const DayFacts& facts : view->facts(call.now))
        if (facts.state == duty::SheetState::missed) missed.push_back(facts.day);
    const auto closed =
        catalogue::close_month(call.services.database.pool(), view->month, missed, actor_of(call), call.now);
    if (!closed) return std::unexpected(act_problem(closed.error()));
    return read_month(call);
}

std::function<Answer(const Call&)> page_as(const char* kind) {
    return [kind](const Call& call) -> Answer {
        const auto view = get_month(call);
        if (!view) return std::unexpected(view.error());
        return page_response(
            print::inspection_page(to_page(view->month, view->facts(call.now), view->closed, call.now)),
            kind,
            "inspections-" + calendar::to_iso(view->month).substr(0, 7)
        );
    };
}

}  // namespace

void add_inspection_routes(Routes& routes) {
    routes.push_back(make_route("GET", "/v1/inspections/{date}", Action::read_duties, {}, read_day));
    routes.push_back(make_route("PUT", "/v1/inspections/{date}", Action::fill_inspection, {}, fill_day));
    routes.push_back(make_route("GET", "/v1/inspection-months/{month}", Action::read_duties, {}, read_month));
    routes.push_back(make_route(
        "POST", "/v1/inspection-months/{month}/close", Action::close_inspections, {}, bodiless(close_month)
    ));
    for (const char* kind : {"pdf", "html"})
        routes.push_back(make_route(
            "GET",
            std::string{"/v1/inspection-months/{month}/sheet."} + kind,
            Action::read_duties,
            {},
            page_as(kind)
        ));
}

}  // namespace sluice::api
