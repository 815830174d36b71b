#include "api/cameras/camera_json.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

constexpr auto kStatusFresh = std::chrono::seconds{10};

const status::StreamStatus*
find_status(const status::RecorderStatus* status, const catalogue::CameraRow& camera, StreamKind kind) {
    if (status == nullptr) return nullptr;
    for (const auto& stream : status->streams)
        if (stream.camera_slug == camera.slug && stream.stream == kind) return &stream;
    return nullptr;
}

template <class T, class Convert>
json or_null(const std::optional<T>& value, Convert convert) {
    return value ? json(convert(*value)) : json(nullptr);
}

json health_json(const status::StreamStatus& stream, UtcTime written, bool is_fresh) {
    return {
        {"state", is_fresh ? to_string(stream.state) : std::string_view{"unknown"}},
        {"detail", stream.detail},
        {"as_of", to_rfc3339(written)},
        {"last_packet", or_null(stream.last_packet, to_rfc3339)},
        {"bitrate_bps", stream.bitrate_bps},
        {"frame_rate", stream.frame_rate},
        {"packets_lost", stream.packets_lost},
        {"frames", stream.frames},
        {"frames_dropped", stream.frames_dropped},
        {"reconnects", stream.reconnects},
        {"clock_offset_us", or_null(stream.clock_offset_us, [](std::int64_t offset) { return offset; })},
        {"segment", or_null(stream.segment_id, [](const Uuid& id) { return to_string(id); })},
        {"run", or_null(stream.run_id, [](const Uuid& id) { return to_string(id); })},
    };
}

}  // namespace

json to_json(
    const catalogue::CameraRow& camera,
    const std::vector<catalogue::StreamRow>& streams,
    const status::RecorderStatus* status,
    UtcTime now
) {
    json streams_json = json::array();
    for (const auto& stream : streams) {
        if (stream.camera_id != camera.id) continue;
        const auto* found = find_status(status, camera, stream.kind);
        const bool is_fresh = status != nullptr && now - status->written < kStatusFresh;
        streams_json.push_back(
            {{"stream", to_string(stream.kind)},
             {"health", found == nullptr ? json(nullptr) : health_json(*found, status->written, is_fresh)}}
        );
    }
    return {
        {"slug", camera.slug},
        {"name", camera.name},
        {"recorder", camera.recorder_slug},
        {"channel", camera.channel == 0 ? json(nullptr) : json(camera.channel)},
        {"tags", camera.tags},
        {"zone", camera.zone},
        {"owner", camera.owner},
        {"enabled", camera.is_enabled},
        {"retired", or_null(camera.retired, to_rfc3339)},
        {"streams", std::move(streams_json)},
    };
}

}  // namespace sluice::api
