#pragma once

#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Received files as check and scrub see them, and the mark that they leave. Role: sluice_worker.
namespace sluice::catalogue {

struct OriginalRow {
    Uuid clip_id;
    Uuid stream_id;
    Uuid volume_id;
    std::string camera_slug;  ///< as announced; the folder's name
    std::filesystem::path path;
    TimeRange range;
    UtcTime received;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    std::optional<DamageKind> damage{};  ///< content or lost
    std::optional<UtcTime> damaged{};
};

/// Of a volume, begun in `range`, by (from, id).
[[nodiscard]] Result<std::vector<OriginalRow>>
load_originals_on_volume(Pool& pool, const Uuid& volume_id, TimeRange range);
[[nodiscard]] Result<std::optional<OriginalRow>> find_original(Pool& pool, const Uuid& clip_id);
/// What was found changed or gone and is not destroyed yet, longest known first; at most `limit`.
[[nodiscard]] Result<std::vector<OriginalRow>> load_damaged_originals(Pool& pool, std::size_t limit);

/// The first mark stays. `kind`: content or lost.
[[nodiscard]] Status mark_original(Pool& pool, const Uuid& clip_id, DamageKind kind, UtcTime now);

/// Whether a received clip of the camera, which shows the time `at`, waits for its import or is under way:
/// its files have no rows yet.
[[nodiscard]] Result<bool> is_import_under_way(Pool& pool, const std::string& camera_slug, UtcTime at);

}  // namespace sluice::catalogue
