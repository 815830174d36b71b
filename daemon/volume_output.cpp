#include "daemon/volume_output.hpp"

#include <string>

namespace sluice::daemon {

VolumeOutput::VolumeOutput(Uuid stream_id, std::size_t ring_bytes, std::vector<VolumeWorker*> volumes)
    : stream_id_(stream_id),
      link_(std::make_shared<StreamLink>(ring_bytes)),
      volumes_(std::move(volumes)) {}

Status VolumeOutput::choose_volume() {
    GapCause cause = GapCause::volume_missing;
    std::string detail = "no volume is configured";
    for (VolumeWorker* volume : volumes_) {
        if (volume->is_writable()) {
            chosen_ = volume;
            return {};
        }
        const VolumeHealth health = volume->health();
        // A full disk among missing ones is what an operator has to hear of: there the footage should have
        // gone.
        if (cause != GapCause::disk_full) {
            cause = health.cause;
            detail = volume->settings().root.string() + ": " + health.problem;
        }
    }
    chosen_ = nullptr;
    return failure(Remedy::operator_acts, detail, std::string{to_string(cause)});
}

void VolumeOutput::begin(BeginSegment segment) {
    if (chosen_ != nullptr) chosen_->post({stream_id_, link_, std::move(segment)});
}

void VolumeOutput::append(AppendFragment fragment) {
    if (chosen_ == nullptr) {
        link_->release(fragment.bytes);
        return;
    }
    chosen_->post({stream_id_, link_, std::move(fragment)});
}

void VolumeOutput::finish(FinishSegment segment) {
    if (chosen_ != nullptr) chosen_->post({stream_id_, link_, segment});
}

void VolumeOutput::journal(volume::JournalFact fact) {
    if (volumes_.empty()) return;
    VolumeWorker* target = volumes_.front();
    for (VolumeWorker* volume : volumes_) {
        if (!volume->health().can_journal) continue;
        target = volume;
        break;
    }
    target->post({stream_id_, link_, std::move(fact)});
}

}  // namespace sluice::daemon
