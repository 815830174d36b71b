#include "api/calendar/routes.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/calendar/rules.hpp"

#include <charconv>
#include <utility>

namespace sluice::api {
namespace {

using calendar::year_of;

constexpr int kFirstYear = 1912;
constexpr int kLastYear = 2411;
constexpr std::size_t kLongestReason = 2000;
constexpr std::size_t kLongestName = 200;

/// 201 when it is new; never cached, it may be changed by the next call.
http::Response answer(unsigned status, std::string json) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = std::move(json) + "\n";
    return response;
}

std::expected<int, http::Problem> parse_year(const Call& call) {
    const std::string* text = call.parameters.find("year");
    if (text == nullptr) return year_of(calendar::taipei_date(call.now));
    int year = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), year);
    if (code != std::errc{} || end != text->data() + text->size() || year < kFirstYear || year > kLastYear)
        return std::unexpected(bad_parameter("year", "Must be a year such as 2026."));
    return year;
}

Answer read_calendar(const Call& call) {
    const auto year = parse_year(call);
    if (!year) return std::unexpected(year.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto published = catalogue::find_calendar_year(pool, *year);
    if (!published) return std::unexpected(to_problem(published.error()));
    const auto overrides = catalogue::load_calendar_overrides(pool, *year);
    if (!overrides) return std::unexpected(to_problem(overrides.error()));
    const auto missing = catalogue::load_missing_years(pool, call.now);
    if (!missing) return std::unexpected(to_problem(missing.error()));
    return json_response(calendar_json(
        {.year = *year,
         .published = *published ? &**published : nullptr,
         .overrides = *overrides,
         .missing_years = *missing}
    ));
}

/// "text/csv", with or without parameters such as charset, which the file itself tells better.
bool is_csv(const http::Request& request) {
    const std::string* type = request.find_header("content-type");
    if (type == nullptr) return false;
    const std::string_view text{*type};
    return http::is_same_word(http::trim(text.substr(0, text.find(';'))), "text/csv");
}

Answer import_calendar(const Call& call) {
    const auto is_dry = call.parameters.flag("dry_run");
    if (!is_dry) return std::unexpected(is_dry.error());
    if (!is_csv(call.request))
        return std::unexpected(http::Problem{
            .status = 415, .code = "UNSUPPORTED_MEDIA_TYPE", .detail = "Send the file as text/csv."
        });
    auto table = calendar::parse_office_csv(call.request.body);
    if (!table) return std::unexpected(calendar_problem(table.error()));
    const catalogue::CalendarImport import{
        .table = std::move(*table),
        .sha256 = sha256(as_bytes(call.request.body)),
        .importer = actor_of(call),
    };
    if (*is_dry) return answer(200, import_json(import.table, import.sha256, false));
    const auto is_new = catalogue::import_calendar(call.services.database.pool(), import, call.now);
    if (!is_new) return std::unexpected(act_problem(is_new.error()));
    return answer(*is_new ? 201 : 200, import_json(import.table, import.sha256, *is_new));
}

std::expected<calendar::Day, http::Problem> parse_day(const Body& body) {
    const auto text = body.required_text("date", 16);
    if (!text) return std::unexpected(text.error());
    const auto date = calendar::date_from(*text);
    if (!date) return std::unexpected(unfit_member("date", date.error().label(), date.error().message()));
    const std::string works = body.raw("is_working_day");
    if (works != "true" && works != "false")
        return std::unexpected(bad_member("is_working_day", "Must be true or false."));
    auto reason = body.required_text("reason", kLongestReason);
    if (!reason) return std::unexpected(reason.error());
    return calendar::Day{.date = *date, .is_off = works == "false", .note = std::move(*reason)};
}

Answer place_override(const Call& call) {
    const auto body = Body::parse(call.request, {"date", "is_working_day", "reason", "approver"});
    if (!body) return std::unexpected(body.error());
    auto day = parse_day(*body);
    if (!day) return std::unexpected(day.error());
    auto approver = body->required_text("approver", kLongestName);
    if (!approver) return std::unexpected(approver.error());
    const catalogue::CalendarOverrideRow row{
        .id = make_uuid_v7(call.now),
        .day = std::move(*day),
        .approver = std::move(*approver),
        .placer = call.principal->name,
        .placed = call.now,
    };
    const auto placed =
        catalogue::place_calendar_override(call.services.database.pool(), row, actor_of(call), call.now);
    if (!placed) return std::unexpected(act_problem(placed.error()));
    return answer(201, override_json(row));
}

Route calendar_route(
    const char* method,
    const char* pattern,
    Action action,
    std::vector<std::string> parameters,
    std::function<Answer(const Call&)> handler
) {
    Route route = make_route(method, pattern, action, std::move(parameters), std::move(handler));
    route.is_cacheable = route.method == "GET";
    return route;
}

}  // namespace

void add_calendar_routes(Routes& routes) {
    routes.push_back(calendar_route("GET", "/v1/calendar", Action::read_calendar, {"year"}, read_calendar));
    routes.push_back(
        calendar_route("POST", "/v1/calendar/imports", Action::import_calendar, {"dry_run"}, import_calendar)
    );
    routes.push_back(
        calendar_route("POST", "/v1/calendar/overrides", Action::import_calendar, {}, place_override)
    );
}

}  // namespace sluice::api
