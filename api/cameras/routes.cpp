#include "api/cameras/routes.hpp"

#include "api/cameras/camera_json.hpp"
#include "api/cursor.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

/// Who watches a camera's state asks often; what its row says changes with a configuration.
constexpr std::chrono::milliseconds kCameraFresh{250};

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Answer list_cameras(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::string after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto slug = slug_cursor_from(*cursor);
        if (!slug) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = *slug;
    }
    catalogue::Pool& pool = call.services.database.pool();
    auto cameras = catalogue::load_cameras(pool, false);
    if (!cameras) return std::unexpected(to_problem(cameras.error()));
    const auto streams = catalogue::load_streams(pool);
    if (!streams) return std::unexpected(to_problem(streams.error()));

    std::ranges::sort(*cameras, {}, &catalogue::CameraRow::slug);
    const auto status = call.services.status.read();
    json items = json::array();
    json next = nullptr;
    for (auto camera = std::ranges::upper_bound(*cameras, after, {}, &catalogue::CameraRow::slug);
         camera != cameras->end();
         ++camera) {
        if (items.size() == *limit) {
            next = to_cursor(std::prev(camera)->slug);
            break;
        }
        items.push_back(to_json(*camera, *streams, status.get(), call.now));
    }
    return json_response(dump({{"items", std::move(items)}, {"next", std::move(next)}}));
}

Answer show_camera(const Call& call) {
    const auto found =
        call.services.cameras.find(call.services.database.pool(), call.variables.front(), kCameraFresh);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return std::unexpected(camera_not_found());
    const auto& [camera, streams] = **found;
    const auto allowed =
        permit(call, Action::read_camera, {.camera_id = camera.id, .stream = {}, .interval = {}});
    if (!allowed) return std::unexpected(allowed.error());
    const auto status = call.services.status.read();
    return json_response(dump(to_json(camera, streams, status.get(), call.now)));
}

}  // namespace

void add_camera_routes(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras",
         .action = Action::list_cameras,
         .parameters = {"limit", "cursor"},
         .handler = list_cameras}
    );
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}",
         .action = Action::read_camera,
         .parameters = {},
         .handler = show_camera}
    );
}

}  // namespace sluice::api
