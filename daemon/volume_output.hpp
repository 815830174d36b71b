#pragma once

#include "daemon/segment_output.hpp"
#include "daemon/volume_worker.hpp"

#include <memory>
#include <vector>

namespace sluice::daemon {

/// A stream's way to the volumes: the first writable one in the configuration's order takes the next segment.
/// The workers outlive it. Thread: the stream's.
class VolumeOutput final : public SegmentOutput {
public:
    VolumeOutput(Uuid stream_id, std::size_t ring_bytes, std::vector<VolumeWorker*> volumes);

    Status choose_volume() override;
    bool reserve(std::size_t bytes, bool after_overflow) override {
        return link_->reserve(bytes, after_overflow);
    }
    void release(std::size_t bytes) override { link_->release(bytes); }
    void begin(BeginSegment segment) override;
    void append(AppendFragment fragment) override;
    void finish(FinishSegment segment) override;
    void journal(volume::JournalFact fact) override;
    std::optional<SegmentFailure> take_failure() override { return link_->take_failure(); }

private:
    Uuid stream_id_;
    std::shared_ptr<StreamLink> link_;  // and the messages under way own it
    std::vector<VolumeWorker*> volumes_;
    VolumeWorker* chosen_ = nullptr;
};

}  // namespace sluice::daemon
