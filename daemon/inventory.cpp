#include "daemon/inventory.hpp"

#include <string>

namespace sluice::daemon {
namespace {

std::string stream_key(const config::Camera& camera, StreamKind stream) {
    return camera.slug + "/" + std::string{to_string(stream)};
}

bool assign(std::map<std::string, Uuid>& ids, const std::string& name, UtcTime now) {
    const auto [place, is_new] = ids.try_emplace(name);
    if (is_new) place->second = make_uuid_v7(now);
    return is_new;
}

}  // namespace

bool assign_ids(volume::Installation& installation, const config::Config& config, UtcTime now) {
    bool has_new = false;
    for (const config::Recorder& recorder : config.recorders) {
        has_new |= assign(installation.recorders, recorder.slug, now);
        for (const config::Camera& camera : recorder.cameras) {
            has_new |= assign(installation.cameras, camera.slug, now);
            for (const StreamKind stream : camera.streams)
                has_new |= assign(installation.streams, stream_key(camera, stream), now);
        }
    }
    return has_new;
}

std::vector<StreamSettings>
make_stream_settings(const volume::Installation& installation, const config::Config& config) {
    std::vector<StreamSettings> streams;
    for (const config::Recorder& recorder : config.recorders) {
        for (const config::Camera& camera : recorder.cameras) {
            if (camera.is_pushed) continue;
            for (const StreamKind stream : camera.streams) {
                StreamSettings settings;
                settings.identity.installation_id = installation.installation_id;
                settings.identity.recorder_id = installation.recorders.at(recorder.slug);
                settings.identity.camera_id = installation.cameras.at(camera.slug);
                settings.identity.stream_id = installation.streams.at(stream_key(camera, stream));
                settings.identity.camera_slug = camera.slug;
                settings.identity.camera_name = camera.name;
                settings.identity.kind = stream;
                settings.url = config::rtsp_url(recorder, camera, stream);
                settings.username = recorder.username;
                settings.password = recorder.password;
                settings.transport = camera.transport;
                settings.is_enabled = camera.enabled;
                settings.segment = config.storage.segment;
                streams.push_back(std::move(settings));
            }
        }
    }
    return streams;
}

bool is_same(const StreamSettings& before, const StreamSettings& after) {
    return before.identity == after.identity && before.url == after.url &&
           before.username == after.username && before.password == after.password &&
           before.transport == after.transport && before.is_enabled == after.is_enabled &&
           before.segment == after.segment;
}

}  // namespace sluice::daemon
