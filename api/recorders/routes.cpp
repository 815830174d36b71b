#include "api/recorders/routes.hpp"

#include "api/cursor.hpp"
#include "api/recorders/recorder_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<std::vector<catalogue::RecorderRow>, http::Problem> get_recorders(const Call& call) {
    auto recorders = catalogue::load_recorders(call.services.database.pool());
    if (!recorders) return std::unexpected(to_problem(recorders.error()));
    return std::move(*recorders);
}

/// The one that the first variable names. 404 RECORDER_NOT_FOUND.
std::expected<catalogue::RecorderRow, http::Problem> get_recorder(const Call& call) {
    const auto recorders = get_recorders(call);
    if (!recorders) return std::unexpected(recorders.error());
    const auto found = std::ranges::find(*recorders, call.variables.front(), &catalogue::RecorderRow::slug);
    if (found == recorders->end())
        return std::unexpected(problem(404, "RECORDER_NOT_FOUND", "No recorder has this slug."));
    return *found;
}

/// There are a handful of them.
Answer list_recorders(const Call& call) {
    const auto recorders = get_recorders(call);
    if (!recorders) return std::unexpected(recorders.error());
    json items = json::array();
    for (const catalogue::RecorderRow& recorder : *recorders) {
        const auto watch = catalogue::load_recorder_watch(call.services.database.pool(), recorder.slug);
        if (!watch) return std::unexpected(to_problem(watch.error()));
        items.push_back(to_json(recorder, *watch));
    }
    return json_response(dump({{"items", std::move(items)}, {"next", nullptr}}));
}

Answer show_recorder(const Call& call) {
    const auto recorder = get_recorder(call);
    if (!recorder) return std::unexpected(recorder.error());
    const auto watch = catalogue::load_recorder_watch(call.services.database.pool(), recorder->slug);
    if (!watch) return std::unexpected(to_problem(watch.error()));
    json body = to_json(*recorder, *watch);
    json titles = json::array();
    for (const catalogue::RecorderTitleRow& title : watch->titles)
        titles.push_back(to_json(title));
    body["titles"] = std::move(titles);
    json pictures = json::array();
    for (const catalogue::RecorderPictureRow& picture : watch->pictures)
        pictures.push_back(to_json(picture));
    body["pictures"] = std::move(pictures);
    return json_response(dump(body));
}

Answer list_acts(const Call& call) {
    const auto recorder = get_recorder(call);
    if (!recorder) return std::unexpected(recorder.error());
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::RecorderActCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = {.at = place->from, .event_id = place->id};
    }
    auto acts =
        catalogue::load_recorder_acts(call.services.database.pool(), recorder->slug, after, *limit + 1);
    if (!acts) return std::unexpected(to_problem(acts.error()));
    json next = nullptr;
    if (acts->size() > *limit) {
        acts->pop_back();
        next = to_cursor(catalogue::SegmentCursor{.from = acts->back().at, .id = acts->back().event_id});
    }
    json items = json::array();
    for (const catalogue::RecorderActRow& act : *acts)
        items.push_back(to_json(act));
    return json_response(dump({{"items", std::move(items)}, {"next", std::move(next)}}));
}

Answer show_power(const Call& call) {
    const auto status = call.services.status.read();
    return json_response(dump(power_json(status.get(), call.now)));
}

}  // namespace

void add_recorder_routes(Routes& routes) {
    routes.push_back(make_route("GET", "/v1/recorders", Action::read_recorders, {}, list_recorders));
    routes.push_back(make_route("GET", "/v1/recorders/{slug}", Action::read_recorders, {}, show_recorder));
    routes.push_back(make_route(
        "GET", "/v1/recorders/{slug}/acts", Action::read_recorder_acts, {"limit", "cursor"}, list_acts
    ));
    routes.push_back(make_route("GET", "/v1/power", Action::read_recorders, {}, show_power));
}

}  // namespace sluice::api
