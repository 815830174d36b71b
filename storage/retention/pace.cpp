#include "storage/retention/pace.hpp"

#include <algorithm>

namespace sluice::retention {

namespace {
constexpr std::int64_t kNoticedUs = 25'000;
constexpr std::int64_t kLongUs = 50'000;
constexpr std::size_t kAtLeast = 256;
constexpr std::size_t kAtMost = 2048;
}  // namespace

std::chrono::microseconds
pause_after(std::chrono::microseconds work, std::optional<std::int64_t> write_lag_us) noexcept {
    if (!write_lag_us || *write_lag_us < kNoticedUs) return std::chrono::microseconds{0};
    if (*write_lag_us < kLongUs) return work / 2;
    return work * 2;
}

std::size_t batch_length(std::span<const catalogue::PurgeCandidate> ordered) {
    std::size_t count = std::min(kAtLeast, ordered.size());
    if (count == 0) return 0;
    const auto folder = ordered[count - 1].path.parent_path();
    const std::size_t most = std::min(kAtMost, ordered.size());
    while (count < most && ordered[count].path.parent_path() == folder)
        ++count;
    return count;
}

}  // namespace sluice::retention
