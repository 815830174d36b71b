#include "storage/check/detail/known_inventory.hpp"

#include <algorithm>

namespace sluice::check::detail {

KnownInventory::KnownInventory(catalogue::Inventory present) : present_(std::move(present)), all_(present_) {
    for (const catalogue::RecorderRow& recorder : all_.recorders)
        recorders_.insert(recorder.id);
    for (const catalogue::CameraRow& camera : all_.cameras)
        cameras_.insert(camera.id);
    for (const catalogue::StreamRow& stream : all_.streams)
        streams_.insert(stream.id);
}

void KnownInventory::learn_recorder(const Uuid& id) {
    if (!recorders_.insert(id).second) return;
    // A file names its recorder by id only: a name nobody else can have stands for it.
    const std::string slug = "recorder-" + to_string(id).substr(24);
    catalogue::RecorderRow row;
    row.id = id;
    row.installation_id = all_.volumes.empty() ? Uuid{} : all_.volumes.front().installation_id;
    row.slug = slug;
    row.name = slug;
    row.vendor = "generic";
    all_.recorders.push_back(std::move(row));
}

bool KnownInventory::learn(const mp4::SegmentInfo& info) {
    const bool is_known = cameras_.contains(info.camera_id) && streams_.contains(info.stream_id);
    if (is_known) return false;
    if (cameras_.insert(info.camera_id).second) {
        learn_recorder(info.recorder_id);
        for (catalogue::RecorderRow& recorder : all_.recorders)
            if (recorder.id == info.recorder_id && recorder.installation_id.is_nil())
                recorder.installation_id = info.installation_id;
        former_.emplace(info.camera_id, all_.cameras.size());
        catalogue::CameraRow row;
        row.id = info.camera_id;
        row.recorder_id = info.recorder_id;
        row.slug = info.camera_slug;
        row.name = info.camera_name.empty() ? info.camera_slug : info.camera_name;
        row.is_enabled = false;
        // At once, because its slug may have been handed on to a camera in use.
        row.retired = info.run_started;
        all_.cameras.push_back(std::move(row));
    }
    if (streams_.insert(info.stream_id).second)
        all_.streams.push_back({.id = info.stream_id, .camera_id = info.camera_id, .kind = info.stream});
    return true;
}

void KnownInventory::note_end(const Uuid& camera_id, UtcTime end) {
    const auto place = former_.find(camera_id);
    if (place == former_.end()) return;
    catalogue::CameraRow& camera = all_.cameras[place->second];
    camera.retired = std::max(camera.retired.value_or(end), end);
}

}  // namespace sluice::check::detail
