#include "storage/retention/forecast.hpp"

#include <algorithm>
#include <limits>

namespace sluice::retention {
namespace {

constexpr std::uint64_t kSecondsPerDay = 86'400;
constexpr std::uint64_t kBitsPerByte = 8;

/// a × b, or nothing when it does not fit.
std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
    if (a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a) return std::nullopt;
    return a * b;
}

}  // namespace

Staying find_staying(const policy::History& history, std::size_t ages, UtcTime now) {
    const policy::Policy& rules = policy::in_force(history, now).policy;
    const std::chrono::days floor{rules.floor_days};
    // The day before the anniversary is at least so late.
    const std::chrono::days ceiling{365 * static_cast<int>(rules.ceiling_years)};
    const std::chrono::days kept = rules.keep_days > 0 ? std::chrono::days{rules.keep_days} : ceiling;
    const bool overwrites = rules.when_full == policy::WhenFull::overwrite_oldest;
    Staying staying{.coming = overwrites ? floor : std::max(floor, kept), .present = {}};
    for (std::size_t age = 0; age < ages; ++age) {
        const UtcTime began = now - std::chrono::days{age + 1};
        const std::chrono::days its_floor{policy::floor_days(history, began, now)};
        staying.present.push_back(std::max(its_floor, staying.coming));
    }
    return staying;
}

Forecast make_forecast(const VolumeUse& use, const Staying& staying) {
    if (use.bytes_per_day == 0) return {};
    Forecast forecast;
    // Doubles: a disk's bytes are exact up to 9 PB, and a forecast is not.
    const auto rate = static_cast<double>(use.bytes_per_day);
    double footage = 0;
    for (const std::uint64_t bytes : use.bytes_by_age)
        footage += static_cast<double>(bytes);
    const double room = footage + static_cast<double>(use.free_bytes);
    forecast.days_held = room / rate;
    const auto count = [](std::chrono::days length) {
        return static_cast<std::size_t>(std::max<std::chrono::days::rep>(length.count(), 0));
    };
    std::size_t last = count(staying.coming);
    for (std::size_t age = 0; age < use.bytes_by_age.size(); ++age)
        last = std::max(last, count(staying.of(age)));
    for (std::size_t day = 0; day <= last; ++day) {
        // Has to be there on that day: what is recorded until then, and what is not old enough by then.
        double young = rate * static_cast<double>(std::min(day, count(staying.coming)));
        for (std::size_t age = 0; age < use.bytes_by_age.size(); ++age)
            if (age + day < count(staying.of(age))) young += static_cast<double>(use.bytes_by_age[age]);
        if (young > room) {
            // The day before was still good.
            forecast.floor_at_risk_in = std::chrono::days{day == 0 ? 0 : static_cast<int>(day) - 1};
            break;
        }
    }
    return forecast;
}

VolumeUse together(const std::vector<VolumeUse>& volumes) {
    VolumeUse all;
    for (const VolumeUse& one : volumes) {
        all.bytes_by_age.resize(std::max(all.bytes_by_age.size(), one.bytes_by_age.size()));
        for (std::size_t age = 0; age < one.bytes_by_age.size(); ++age)
            all.bytes_by_age[age] += one.bytes_by_age[age];
        all.held_bytes += one.held_bytes;
        all.free_bytes += one.free_bytes;
        all.bytes_per_day += one.bytes_per_day;
    }
    return all;
}

std::optional<Size> size_for(const Demand& demand) {
    const auto seconds = times(demand.days, kSecondsPerDay);
    if (!seconds) return std::nullopt;
    const auto bits = times(demand.bits_per_second, *seconds);
    if (!bits) return std::nullopt;
    Size size;
    size.bytes_per_camera = *bits / kBitsPerByte + (*bits % kBitsPerByte == 0 ? 0 : 1);
    const auto all = times(size.bytes_per_camera, demand.cameras);
    if (!all) return std::nullopt;
    size.bytes = *all;
    return size;
}

std::uint64_t rate_for(std::uint64_t bytes, std::uint64_t cameras, std::uint64_t days) {
    if (cameras == 0 || days == 0) return 0;
    // Division first would lose up to a byte a second: nobody measures that; multiplication first would
    // overflow.
    const double share =
        static_cast<double>(bytes) / static_cast<double>(cameras) / static_cast<double>(days);
    return static_cast<std::uint64_t>(share * kBitsPerByte / kSecondsPerDay);
}

}  // namespace sluice::retention
