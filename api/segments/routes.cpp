#include "api/segments/routes.hpp"

#include "api/cursor.hpp"
#include "config/base/bytes.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

constexpr Microseconds kLongest =
    std::chrono::days{3660};  ///< pages keep an answer short, whatever the interval

json to_json(const catalogue::SegmentRow& row) {
    const bool is_open = row.state == catalogue::SegmentState::open;
    return {
        {"id", to_string(row.id)},
        {"run", to_string(row.run_id)},
        {"volume", to_string(row.volume_id)},
        {"sequence", row.sequence},
        {"state", to_string(row.state)},
        {"from", to_rfc3339(row.range.from)},
        {"to", to_rfc3339(row.range.to)},
        {"bytes", row.bytes},
        {"frames", is_open ? json(nullptr) : json(row.sums.samples)},
        {"sha256", row.sha256 ? json(to_hex(*row.sha256)) : json(nullptr)},
        {"damaged", row.is_damaged},
    };
}

Answer list_segments(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto range = call.parameters.interval(kLongest);
    if (!range) return std::unexpected(range.error());
    std::optional<catalogue::SegmentCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        after = segment_cursor_from(*cursor);
        if (!after) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
    }
    const auto camera = get_camera(call);
    if (!camera) return std::unexpected(camera.error());
    const auto stream = get_stream(call, *camera);
    if (!stream) return std::unexpected(stream.error());
    const auto allowed = permit(
        call, Action::list_segments, {.camera_id = camera->id, .stream = stream->kind, .interval = *range}
    );
    if (!allowed) return std::unexpected(allowed.error());

    // One more than asked tells whether there is a next page.
    auto rows =
        catalogue::load_segments(call.services.database.pool(), stream->id, *range, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    json next = nullptr;
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = to_cursor(catalogue::SegmentCursor{rows->back().range.from, rows->back().id});
    }
    json items = json::array();
    for (const auto& row : *rows)
        items.push_back(to_json(row));
    return json_response(json{{"items", std::move(items)}, {"next", std::move(next)}}.dump());
}

}  // namespace

void add_segment_routes(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/segments",
         .action = Action::list_segments,
         .parameters = {"from", "to", "stream", "limit", "cursor"},
         .handler = list_segments}
    );
}

}  // namespace sluice::api
