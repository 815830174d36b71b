#include "storage/retention/pace.hpp"

namespace sluice::retention {

namespace {
constexpr std::int64_t kNoticedUs = 25'000;
constexpr std::int64_t kLongUs = 50'000;
}  // namespace

std::chrono::microseconds
pause_after(std::chrono::microseconds work, std::optional<std::int64_t> write_lag_us) noexcept {
    if (!write_lag_us || *write_lag_us < kNoticedUs) return std::chrono::microseconds{0};
    if (*write_lag_us < kLongUs) return work / 2;
    return work * 2;
}

}  // namespace sluice::retention
