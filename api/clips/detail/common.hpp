#pragma once

#include "api/acts.hpp"
#include "api/clips/interval.hpp"
#include "api/route.hpp"

#include <string>

namespace sluice::api::detail {

/// What a clip or a picture is asked of.
struct Target {
    catalogue::CameraRow camera;
    catalogue::StreamRow stream;
    clip::VolumePaths volumes;

    [[nodiscard]] Subject subject(TimeRange interval) const {
        return {.camera_id = camera.id, .stream = stream.kind, .interval = interval};
    }
};

[[nodiscard]] OpenedFootage
opened(const Target& target, std::string action, TimeRange interval, std::string detail);

/// Content-Type, name and interval of a clip.
[[nodiscard]] http::Response describe_clip(const clip::Clip& clip, const Target& target, TimeRange range);

/// An ETag with its quotes.
[[nodiscard]] std::string quoted_etag(const std::string& etag);

/// Of a granted copy, in its session: exactly the granted frames of `asked`, each answer a committed delivery
/// before its bytes go. Pre: `permit` has allowed `asked`; not under `bootstrap`.
[[nodiscard]] Answer send_granted_clip(const Call& call, const Target& target, const AskedInterval& asked);
/// Likewise the last granted key frame at or before `at`.
[[nodiscard]] Answer send_granted_snapshot(const Call& call, const Target& target, UtcTime at);

}  // namespace sluice::api::detail
