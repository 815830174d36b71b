#include "api/coverage/routes.hpp"

#include "api/coverage/coverage_json.hpp"
#include "api/coverage/rules.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <map>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

constexpr Microseconds kLongest = std::chrono::days{366};

struct StreamRows {
    std::vector<TimeRange> covered;
    std::vector<catalogue::GapRow> gaps;
    std::vector<catalogue::DestroyedRow> destroyed;
};

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::map<Uuid, StreamRows>
by_stream(catalogue::Coverage coverage, std::vector<catalogue::DestroyedRow> destroyed) {
    std::map<Uuid, StreamRows> out;
    for (auto& row : destroyed)
        out[row.stream_id].destroyed.push_back(std::move(row));
    for (const auto& row : coverage.covered)
        out[row.stream_id].covered.push_back(row.range);
    for (auto& gap : coverage.gaps)
        out[gap.stream_id].gaps.push_back(std::move(gap));
    return out;
}

Answer cover_camera(const Call& call) {
    const auto range = call.parameters.interval(kLongest);
    if (!range) return std::unexpected(range.error());
    const auto camera = get_camera(call);
    if (!camera) return std::unexpected(camera.error());
    const auto stream = get_stream(call, *camera);
    if (!stream) return std::unexpected(stream.error());
    const auto allowed = permit(
        call, Action::read_coverage, {.camera_id = camera->id, .stream = stream->kind, .interval = *range}
    );
    if (!allowed) return std::unexpected(allowed.error());

    auto found = catalogue::load_coverage(call.services.database.pool(), stream->id, stream->kind, *range);
    if (!found) return std::unexpected(to_problem(found.error()));
    auto destroyed =
        catalogue::load_destroyed(call.services.database.pool(), stream->id, stream->kind, *range);
    if (!destroyed) return std::unexpected(to_problem(destroyed.error()));
    const StreamRows rows = by_stream(std::move(*found), std::move(*destroyed))[stream->id];
    json body = coverage_json(cover(rows.covered, rows.gaps, *range, call.now), rows.destroyed, *range);
    body["camera"] = camera->slug;
    body["stream"] = to_string(stream->kind);
    body["from"] = to_rfc3339(range->from);
    body["to"] = to_rfc3339(range->to);
    return json_response(dump(body));
}

Answer cover_all(const Call& call) {
    const auto range = call.parameters.interval(kLongest);
    if (!range) return std::unexpected(range.error());
    const auto kind = call.parameters.stream();
    if (!kind) return std::unexpected(kind.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto cameras = catalogue::load_cameras(pool, true);
    if (!cameras) return std::unexpected(to_problem(cameras.error()));
    const auto streams = catalogue::load_streams(pool);
    if (!streams) return std::unexpected(to_problem(streams.error()));
    auto found = catalogue::load_coverage(pool, std::nullopt, *kind, *range);
    if (!found) return std::unexpected(to_problem(found.error()));
    auto destroyed = catalogue::load_destroyed(pool, std::nullopt, *kind, *range);
    if (!destroyed) return std::unexpected(to_problem(destroyed.error()));

    std::map<Uuid, Uuid> stream_of;
    for (const auto& stream : *streams)
        if (stream.kind == *kind) stream_of.emplace(stream.camera_id, stream.id);
    auto rows = by_stream(std::move(*found), std::move(*destroyed));
    json items = json::array();
    for (const auto& camera : *cameras) {
        const auto stream = stream_of.find(camera.id);
        if (stream == stream_of.end()) continue;
        if (camera.retired && *camera.retired <= range->from) continue;
        if (!permit(
                call, Action::read_coverage, {.camera_id = camera.id, .stream = *kind, .interval = *range}
            ))
            continue;
        const StreamRows& own = rows[stream->second];
        json item = coverage_json(cover(own.covered, own.gaps, *range, call.now), own.destroyed, *range);
        item["camera"] = camera.slug;
        items.push_back(std::move(item));
    }
    return json_response(dump(
        {{"from", to_rfc3339(range->from)},
         {"to", to_rfc3339(range->to)},
         {"stream", to_string(*kind)},
         {"items", std::move(items)},
         {"next", nullptr}}
    ));
}

}  // namespace

void add_coverage_routes(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/coverage",
         .action = Action::read_coverage,
         .parameters = {"from", "to", "stream"},
         .handler = cover_camera}
    );
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/coverage",
         .action = Action::read_coverage,
         .parameters = {"from", "to", "stream"},
         .handler = cover_all}
    );
}

}  // namespace sluice::api
