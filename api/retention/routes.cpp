#include "api/retention/routes.hpp"

#include "api/cursor.hpp"
#include "api/jobs/filing.hpp"
#include "api/retention/rules.hpp"
#include "storage/retention/coverage_report.hpp"

#include <utility>

namespace sluice::api {
namespace {

http::Problem not_found(std::string code, std::string detail) {
    return {.status = 404, .code = std::move(code), .detail = std::move(detail), .retry_after = std::nullopt};
}

Answer start_purge(const Call& call) {
    auto wanted = parse_purge_request(call.parameters);
    if (!wanted) return std::unexpected(wanted.error());
    return file_request(call, std::move(*wanted));
}

Answer list_purge_runs(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::PurgeRunCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::PurgeRunCursor{place->from, place->id};
    }
    auto rows = catalogue::load_purge_runs(call.services.database.pool(), after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{rows->back().planned, rows->back().id}) + '"';
    }
    std::string items;
    for (const catalogue::PurgeRunRow& row : *rows)
        items += (items.empty() ? "" : ",") + purge_run_json(row);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_purge_run(const Call& call) {
    const auto unknown = not_found("PURGE_RUN_NOT_FOUND", "No purge run has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(unknown);
    const auto run = catalogue::find_purge_run(call.services.database.pool(), *id);
    if (!run) return std::unexpected(to_problem(run.error()));
    if (!*run) return std::unexpected(unknown);
    return json_response(purge_run_json(**run));
}

Answer read_certificate(const Call& call) {
    const auto unknown =
        not_found("CERTIFICATE_NOT_FOUND", "No certificate has this id, or it is not issued yet.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(unknown);
    auto certificate = catalogue::find_certificate(call.services.database.pool(), *id);
    if (!certificate) return std::unexpected(to_problem(certificate.error()));
    if (!*certificate) return std::unexpected(unknown);
    // Byte for byte what the audit log has the hash of.
    return json_response(std::move((*certificate)->body));
}

Answer read_plan(const Call& call) {
    auto plan = plan_json(call.parameters);
    if (!plan) return std::unexpected(plan.error());
    return json_response(std::move(*plan));
}

Answer read_forecast(const Call& call) {
    const auto rows = catalogue::load_forecasts(call.services.database.pool());
    if (!rows) return std::unexpected(to_problem(rows.error()));
    return json_response(forecasts_json(*rows));
}

Answer read_coverage_report(const Call& call) {
    const auto report =
        retention::load_coverage_report(call.services.database.pool(), retention::kReportLength, call.now);
    if (!report) return std::unexpected(to_problem(report.error()));
    return json_response(retention::to_json(*report, retention::kReportLength, call.now));
}

Route retention_route(
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

void add_retention_routes(Routes& routes) {
    const auto add = [&routes](
                         const char* method,
                         const char* path,
                         Action action,
                         std::vector<std::string> parameters,
                         std::function<Answer(const Call&)> handler
                     ) {
        routes.push_back(retention_route(method, path, action, std::move(parameters), std::move(handler)));
    };
    add("POST",
        "/v1/retention/purge-runs",
        Action::start_purge,
        {"dry_run", "confirm", "confirm_clock"},
        start_purge);
    add("GET", "/v1/retention/purge-runs", Action::read_retention, {"limit", "cursor"}, list_purge_runs);
    add("GET", "/v1/retention/purge-runs/{id}", Action::read_retention, {}, read_purge_run);
    add("GET", "/v1/retention/certificates/{id}", Action::read_retention, {}, read_certificate);
    add("GET", "/v1/retention/plan", Action::read_retention, {"cameras", "days", "rate", "bytes"}, read_plan);
    add("GET", "/v1/retention/forecast", Action::read_retention, {}, read_forecast);
    add("GET", "/v1/retention/coverage-report", Action::read_retention, {}, read_coverage_report);
}

}  // namespace sluice::api
