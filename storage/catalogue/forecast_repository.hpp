#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the disks hold by age, and what was foreseen of it. Role: sluice_worker; forecasts are read by all.
namespace sluice::catalogue {

/// Bytes of a volume's footage by age in whole days, and how much of them a hold in force keeps.
struct FootageByAge {
    Uuid volume_id;
    std::int64_t age_days = 0;
    std::uint64_t bytes = 0;
    std::uint64_t held_bytes = 0;
    UtcTime oldest;  ///< the start of its first segment
};
[[nodiscard]] Result<std::vector<FootageByAge>> load_footage_by_age(Pool& pool, UtcTime now);

/// What is foreseen of a volume, or of all (place "all").
struct ForecastRow {
    std::string place;
    UtcTime made;
    std::uint64_t bytes_per_day = 0;
    std::uint64_t footage_bytes = 0;
    std::uint64_t held_bytes = 0;
    std::uint64_t free_bytes = 0;  ///< above the reserve
    int floor_days = 0;
    std::optional<double> days_held;
    std::optional<UtcTime> at_risk;
    bool is_at_risk = false;  ///< within the days that the policy wants to know ahead
};
[[nodiscard]] Status save_forecasts(Pool& pool, const std::vector<ForecastRow>& rows);
[[nodiscard]] Result<std::vector<ForecastRow>> load_forecasts(Pool& pool);

}  // namespace sluice::catalogue
