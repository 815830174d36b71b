#pragma once

#include "storage/retention/run.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

/// The end of clips that were refused after they had come.
namespace sluice::contractor {

struct QuarantineReport {
    std::size_t removed = 0;
    /// Not empty: something is over, and this stands against destroying it.
    std::vector<retention::Refusal> refusals;
};

/// Removes refused clips whose time is over, or that are more than `most_bytes` together, oldest first. What
/// stands against a purge stands against it. Each is announced in a signed checkpoint of the audit log, then
/// unlinked, then recorded as gone; whatever a crash leaves is found again by its row. Error: retry
/// (database), operator_acts, stop_volume.
[[nodiscard]] Result<QuarantineReport> tend_quarantine(const retention::Site& site, std::uint64_t most_bytes);

}  // namespace sluice::contractor
