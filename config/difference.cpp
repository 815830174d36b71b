#include "config/load.hpp"

#include <map>

namespace sluice::config {
namespace {

/// What the recorder needs to know of a camera: a change of any of it restarts that camera's streams.
struct Access {
    const Recorder* recorder;
    const Camera* camera;

    friend bool operator==(const Access& a, const Access& b) {
        return *a.camera == *b.camera && a.recorder->slug == b.recorder->slug &&
               a.recorder->vendor == b.recorder->vendor && a.recorder->host == b.recorder->host &&
               a.recorder->port == b.recorder->port && a.recorder->username == b.recorder->username &&
               a.recorder->password == b.recorder->password;
    }
};

std::map<std::string, Access> by_slug(const Config& config) {
    std::map<std::string, Access> cameras;
    for (const Recorder& recorder : config.recorders) {
        for (const Camera& camera : recorder.cameras)
            cameras.emplace(camera.slug, Access{&recorder, &camera});
    }
    return cameras;
}

}  // namespace

CameraDifference difference(const Config& before, const Config& after) {
    CameraDifference result;
    const auto old_cameras = by_slug(before);
    const auto new_cameras = by_slug(after);
    for (const auto& [slug, access] : new_cameras) {
        const auto old = old_cameras.find(slug);
        if (old == old_cameras.end()) {
            result.added.push_back(slug);
        } else if (!(old->second == access)) {
            result.changed.push_back(slug);
        }
    }
    for (const auto& [slug, access] : old_cameras) {
        if (!new_cameras.contains(slug)) result.removed.push_back(slug);
    }
    result.needs_restart = before.data != after.data || before.api != after.api ||
                           before.storage != after.storage || before.database != after.database ||
                           before.ups != after.ups;
    return result;
}

}  // namespace sluice::config
