#pragma once

#include "jobs/kinds.hpp"
#include "storage/retention/guards.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::jobs {

/// The codes of what stands against destroying something, with a space between; empty: nothing does.
[[nodiscard]] std::string codes_of(std::span<const retention::Refusal> refusals);

/// What stands against something that a lane of the worker would destroy: told when it changes, not at each
/// look. Thread: the lane's.
class Obstacle {
public:
    /// `codes`: as above. A new obstacle is an error in the log with the name `event`, and the act
    /// `purge.refused` of the audit log, with `what` was to go, if it is not empty. A log that does not take
    /// the act is only noted. True: something else than the last time.
    bool tell(
        const Tools& tools,
        const Uuid& installation_id,
        const std::string& codes,
        std::string_view event,
        std::string_view what
    );

private:
    std::string last_;
};

}  // namespace sluice::jobs
