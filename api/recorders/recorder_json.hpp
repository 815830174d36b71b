#pragma once

#include "storage/catalogue/xvr_repository.hpp"
#include "storage/status/recorder_status.hpp"

#include <nlohmann/json_fwd.hpp>

namespace sluice::api {

/// A recorder with the stream of its events, its clock and how its titles fit. Without the titles themselves.
[[nodiscard]] nlohmann::json
to_json(const catalogue::RecorderRow& recorder, const catalogue::RecorderWatchRow& watch);
[[nodiscard]] nlohmann::json to_json(const catalogue::RecorderTitleRow& title);
[[nodiscard]] nlohmann::json to_json(const catalogue::RecorderPictureRow& picture);
[[nodiscard]] nlohmann::json to_json(const catalogue::RecorderActRow& act);
/// What each UPS says, and how much a power cut may cost now. `status` may be null or old: then nobody knows,
/// and every state is `unknown`.
[[nodiscard]] nlohmann::json power_json(const status::RecorderStatus* status, UtcTime now);

}  // namespace sluice::api
