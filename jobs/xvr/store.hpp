#pragma once

#include "config/base/time.hpp"
#include "config/policy/policy.hpp"
#include "jobs/xvr/inbox.hpp"
#include "jobs/xvr/rules.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sluice::xvr {

/// Stores what recorders tell, with what follows from it. Everything has ids of its own, so that a batch of
/// which the end is in doubt is stored once more. Thread: one.
class Store {
public:
    Store(std::string conninfo, const Clock& clock);

    /// Error: nothing is lost, call again with the same.
    [[nodiscard]] Status save(const Inbox::Batch& batch, const std::vector<config::FlagRule>& rules);

private:
    [[nodiscard]] Status refresh(UtcTime now);
    [[nodiscard]] Status place_flags(const Pending& pending, const std::vector<config::FlagRule>& rules);
    [[nodiscard]] Status place(const Flag& flag, const access::Event& event);
    [[nodiscard]] Status judge_into(const Pending& pending, const Act& act, catalogue::RecorderBatch& batch);
    [[nodiscard]] Status save_look(const Look& look);
    /// As they are now known. Pre: not empty.
    [[nodiscard]] Result<std::vector<catalogue::RecorderPictureRow>>
    save_pictures(const std::string& recorder, std::vector<catalogue::RecorderPictureRow> pictures);

    catalogue::Pool pool_;
    const Clock& clock_;
    calendar::Calendar calendar_;
    policy::Policy policy_;
    std::optional<UtcTime> refreshed_;  ///< calendar and policy
};

}  // namespace sluice::xvr
