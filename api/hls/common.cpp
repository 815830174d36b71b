#include "api/hls/detail/common.hpp"

#include "storage/catalogue/live_mark_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api::detail {
namespace {

http::Problem not_found(const char* code, std::string detail, const char* field) {
    return {
        .status = 404, .code = code, .detail = std::move(detail), .field = field, .retry_after = std::nullopt
    };
}

}  // namespace

std::expected<std::shared_ptr<const CameraMap::Found>, http::Problem> find_hls_camera(const Call& call) {
    auto camera = call.services.cameras.find(call.services.database.pool(), call.variables.front());
    if (!camera) return std::unexpected(to_problem(camera.error()));
    if (!*camera) return std::unexpected(not_found("CAMERA_NOT_FOUND", "No camera has this slug.", "slug"));
    return std::move(*camera);
}

std::expected<HlsTarget, http::Problem> find_hls_target(const Call& call) {
    auto camera = find_hls_camera(call);
    if (!camera) return std::unexpected(camera.error());
    const auto kind = call.parameters.stream();
    if (!kind) return std::unexpected(kind.error());
    const catalogue::StreamRow* stream = (*camera)->find(*kind);
    if (stream == nullptr)
        return std::unexpected(not_found(
            "STREAM_NOT_FOUND", "This camera has no stream " + std::string{to_string(*kind)} + ".", "stream"
        ));
    return HlsTarget{std::move(*camera), *stream};
}

std::expected<void, http::Problem> permit_hls(
    const Call& call,
    Action action,
    const CameraMap::Found& camera,
    StreamKind stream,
    TimeRange interval
) {
    return permit(call, action, {.camera_id = camera.camera.id, .stream = stream, .interval = interval});
}

http::Response playlist_response(std::string text) {
    http::Response response;
    response.set("Content-Type", "application/vnd.apple.mpegurl");
    response.set("Cache-Control", "private, no-cache");
    response.body = std::move(text);
    return response;
}

Openings::Key view_key(const Call& call, const Uuid& stream_id, std::string what) {
    return {
        .principal_id = call.principal->id,
        .peer = call.request.peer,
        .stream_id = stream_id,
        .what = std::move(what),
    };
}

OpenedFootage
opened_view(const CameraMap::Found& camera, StreamKind stream, std::string kind, TimeRange interval) {
    return {
        .action = "hls.opened",
        .camera_id = camera.camera.id,
        .camera_slug = camera.camera.slug,
        .stream = stream,
        .interval = interval,
        .detail = std::move(kind),
    };
}

Answer postpone(
    const Call& call,
    std::shared_ptr<http::Event> event,
    std::uint64_t seen,
    std::chrono::seconds limit,
    http::Problem too_late
) {
    const Deadline until = call.request.received + limit;
    // HEAD asks what is known now.
    if (call.request.method == "HEAD" || std::chrono::steady_clock::now() >= until)
        return std::unexpected(std::move(too_late));
    http::Response response;
    response.postponed = http::Postponement{std::move(event), seen, until};
    return response;
}

std::expected<std::shared_ptr<LiveStream>, http::Problem>
follow_stream(const Call& call, const CameraMap::Found& camera, const catalogue::StreamRow& stream) {
    catalogue::Pool& pool = call.services.database.pool();
    auto volumes = call.services.volumes.load(pool);
    if (!volumes) return std::unexpected(to_problem(volumes.error()));
    if (auto followed = call.services.live.find(stream.id, *volumes)) return followed;
    const auto kept = catalogue::find_live_mark(pool, stream.id);
    if (!kept) return std::unexpected(to_problem(kept.error()));
    std::optional<clip::LiveMark> mark;
    if (*kept) mark = clip::LiveMark{(*kept)->file_id, (*kept)->number, (*kept)->discontinuities};
    auto followed = call.services.live.follow(
        {.stream_id = stream.id,
         .camera_slug = camera.camera.slug,
         .stream = stream.kind,
         .volumes = std::move(*volumes)},
        mark
    );
    if (followed) return followed;
    return std::unexpected(http::Problem{
        .status = 503,
        .code = "BUSY",
        .detail = "Too many streams are watched live; try again shortly.",
        .retry_after = std::chrono::seconds{5}
    });
}

}  // namespace sluice::api::detail
