#pragma once

#include "storage/catalogue/rows.hpp"
#include "storage/status/recorder_status.hpp"

#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace sluice::api {

/// A camera with its streams and, from the recorder's status, how each of them fares. `status` may be null:
/// then no stream has health. Older than ten seconds, it is shown as `unknown`: nobody says any more that it
/// holds.
[[nodiscard]] nlohmann::json to_json(
    const catalogue::CameraRow& camera,
    const std::vector<catalogue::StreamRow>& streams,
    const status::RecorderStatus* status,
    UtcTime now
);

}  // namespace sluice::api
