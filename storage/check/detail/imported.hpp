#pragma once

#include "storage/check/check.hpp"
#include "storage/check/detail/known_inventory.hpp"
#include "storage/check/listing.hpp"
#include "storage/receipt/receipt.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace sluice::check::detail {

/// A clip as its receipt and the files that it names tell it.
struct FoundClip {
    receipt::Receipt receipt;
    bool has_original = false;
    std::vector<catalogue::FinishedRow> segments;  ///< those that can be read
    std::vector<Finding> findings;  ///< what the receipt names and is not there, or not readable
};
/// Heads and boxes are read; hashes are the receipt's, so that what rotted since is found by the next check.
/// Error: refuse, operator_acts: the receipt is none.
[[nodiscard]] Result<FoundClip> read_clip(const Volume& volume, const FileEntry& receipt);

/// What the rebuild of live/ has at hand.
struct RebuildTools {
    catalogue::Pool& pool;
    const Clock& clock;
    KnownInventory& inventory;
    std::function<Status()> save_inventory;
    std::function<Status(UtcTime)> ensure_partitions;  ///< for the day that begins then
    std::function<bool(const Volume&, const StreamFolder&)> go_on;
    std::function<void(const Finding&)> tell;
};
struct ImportedSummary {
    std::uint64_t clips = 0;
    std::uint64_t segments = 0;
};
/// Each clip is what its receipt says, with the files that it names. What no receipt names has no custody: it
/// is left, and told. May be repeated. Error: retry, cancelled, operator_acts.
[[nodiscard]] Result<ImportedSummary>
rebuild_imported(const RebuildTools& tools, const std::vector<Volume>& volumes);

}  // namespace sluice::check::detail
