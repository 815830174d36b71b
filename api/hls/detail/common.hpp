#pragma once

#include "api/acts.hpp"
#include "api/route.hpp"

#include <chrono>
#include <expected>
#include <memory>
#include <string>

namespace sluice::api::detail {

/// A camera and the stream of it that is asked for.
struct HlsTarget {
    std::shared_ptr<const CameraMap::Found> camera;  // shared with the map it comes from
    catalogue::StreamRow stream;
};
/// By slug, from what was asked within the last seconds. 404 CAMERA_NOT_FOUND.
[[nodiscard]] std::expected<std::shared_ptr<const CameraMap::Found>, http::Problem> find_hls_camera(
    const Call& call
);
/// And `stream=`. 404 STREAM_NOT_FOUND.
[[nodiscard]] std::expected<HlsTarget, http::Problem> find_hls_target(const Call& call);

[[nodiscard]] std::expected<void, http::Problem> permit_hls(
    const Call& call,
    Action action,
    const CameraMap::Found& camera,
    StreamKind stream,
    TimeRange interval
);

[[nodiscard]] http::Response playlist_response(std::string text);
[[nodiscard]] Openings::Key view_key(const Call& call, const Uuid& stream_id, std::string what);
/// "hls.opened", for the audit log; `kind` is "live", "recorded" or "media".
[[nodiscard]] OpenedFootage
opened_view(const CameraMap::Found& camera, StreamKind stream, std::string kind, TimeRange interval);

/// An answer that is not one yet. Gives the problem instead when the request has waited for `limit` already.
[[nodiscard]] Answer postpone(
    const Call& call,
    std::shared_ptr<http::Event> event,
    std::uint64_t seen,
    std::chrono::seconds limit,
    http::Problem too_late
);
/// Follows the stream, with what the catalogue knows of its numbers. Null: too many are followed.
[[nodiscard]] std::expected<std::shared_ptr<LiveStream>, http::Problem>
follow_stream(const Call& call, const CameraMap::Found& camera, const catalogue::StreamRow& stream);

void add_live_route(Routes& routes);
void add_recorded_route(Routes& routes);
void add_media_routes(Routes& routes);

}  // namespace sluice::api::detail
