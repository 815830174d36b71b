#include "storage/catalogue/inventory.hpp"

#include <string>
#include <string_view>

namespace sluice::catalogue {
namespace {

std::string_view word_of(config::Vendor vendor) {
    switch (vendor) {
        case config::Vendor::generic:
            return "generic";
        case config::Vendor::dahua:
            return "dahua";
    }
    return "generic";
}

CameraRow to_row(const config::Camera& camera, const config::Recorder& recorder, const Uuid& recorder_id) {
    CameraRow row;
    row.recorder_id = recorder_id;
    row.recorder_slug = recorder.slug;
    row.slug = camera.slug;
    row.name = camera.name;
    row.channel = camera.channel;
    row.tags = camera.tags;
    row.zone = camera.zone;
    row.owner = camera.owner;
    row.is_enabled = camera.enabled;
    return row;
}

}  // namespace

Inventory make_inventory(const volume::Installation& installation, const config::Config& config) {
    Inventory inventory;
    for (const config::Recorder& recorder : config.recorders) {
        const auto recorder_id = installation.recorders.find(recorder.slug);
        if (recorder_id == installation.recorders.end())
            continue;  // never recorded: the recorder makes its id
        inventory.recorders.push_back({
            .id = recorder_id->second,
            .installation_id = installation.installation_id,
            .slug = recorder.slug,
            .name = recorder.name.empty() ? recorder.slug : recorder.name,
            .vendor = std::string{word_of(recorder.vendor)},
        });
        for (const config::Camera& camera : recorder.cameras) {
            const auto camera_id = installation.cameras.find(camera.slug);
            if (camera_id == installation.cameras.end()) continue;
            CameraRow row = to_row(camera, recorder, recorder_id->second);
            row.id = camera_id->second;
            inventory.cameras.push_back(std::move(row));
            for (const StreamKind kind : camera.streams) {
                const auto stream =
                    installation.streams.find(camera.slug + "/" + std::string{to_string(kind)});
                if (stream != installation.streams.end())
                    inventory.streams.push_back(
                        {.id = stream->second, .camera_id = camera_id->second, .kind = kind}
                    );
            }
        }
    }
    return inventory;
}

}  // namespace sluice::catalogue
