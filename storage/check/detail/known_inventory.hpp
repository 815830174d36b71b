#pragma once

#include "storage/catalogue/recorder_repository.hpp"
#include "storage/mp4/types.hpp"

#include <map>
#include <set>

namespace sluice::check::detail {

/// What the files tell of cameras that the configuration does not name any more, beside what it names. Pure.
class KnownInventory {
public:
    explicit KnownInventory(catalogue::Inventory present);

    /// True when the file's camera or stream was not known before: the inventory must be saved again.
    [[nodiscard]] bool learn(const mp4::SegmentInfo& info);
    /// A former camera counts as retired at the end of its newest footage.
    void note_end(const Uuid& camera_id, UtcTime end);

    [[nodiscard]] const catalogue::Inventory& all() const noexcept { return all_; }
    [[nodiscard]] const catalogue::Inventory& present() const noexcept { return present_; }

private:
    void learn_recorder(const Uuid& id);

    catalogue::Inventory present_;
    catalogue::Inventory all_;
    std::set<Uuid> recorders_;
    std::map<Uuid, std::size_t> former_;  ///< camera to its place in all_.cameras
    std::set<Uuid> cameras_;
    std::set<Uuid> streams_;
};

}  // namespace sluice::check::detail
