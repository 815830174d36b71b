#pragma once

#include "config/base/error.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// Wall time: UTC in microseconds. RFC 3339 only at the edges.
using UtcTime = std::chrono::sys_time<std::chrono::microseconds>;
using Microseconds = std::chrono::microseconds;

/// CLOCK_BOOTTIME: monotone, counts suspend, never set. Its own type, so it can't be compared with wall time.
struct BootClock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): a clock's name for it
};
using BootTime = BootClock::time_point;

/// Absolute limit on the steady clock; handed down, never extended on the way.
using Deadline = std::chrono::steady_clock::time_point;

/// Half-open interval [from, to). Nobody compares ends with `<=`.
struct TimeRange {
    UtcTime from;
    UtcTime to;

    [[nodiscard]] constexpr bool is_empty() const noexcept { return to <= from; }
    [[nodiscard]] constexpr Microseconds length() const noexcept {
        return is_empty() ? Microseconds{0} : to - from;
    }
    [[nodiscard]] constexpr bool contains(UtcTime at) const noexcept { return from <= at && at < to; }
    [[nodiscard]] constexpr bool overlaps(const TimeRange& other) const noexcept {
        return from < other.to && other.from < to;
    }
    /// The part of this range inside `limits`; empty when they do not overlap.
    [[nodiscard]] constexpr TimeRange clamp(const TimeRange& limits) const noexcept {
        const UtcTime start = std::max(from, limits.from);
        return {start, std::max(start, std::min(to, limits.to))};
    }
    friend constexpr bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// "2026-11-23T10:15:00.123456Z": always UTC, always six decimals, so that texts sort like times.
[[nodiscard]] std::string to_rfc3339(UtcTime time);
/// RFC 3339 with `Z` or a numeric offset, `T`, `t` or a space between, 0–9 decimals (cut to microseconds),
/// years 1970–9999. A leap second `:60` is refused. Error: refuse.
[[nodiscard]] Result<UtcTime> from_rfc3339(std::string_view text);
/// "20261123T101500Z", for file names.
[[nodiscard]] std::string to_compact_utc(UtcTime time);
/// "2026-11-23", the UTC day: names of day folders and partitions.
[[nodiscard]] std::string to_utc_day(UtcTime time);

[[nodiscard]] constexpr std::int64_t to_epoch_us(UtcTime time) noexcept {
    return time.time_since_epoch().count();
}
[[nodiscard]] constexpr UtcTime from_epoch_us(std::int64_t microseconds) noexcept {
    return UtcTime{Microseconds{microseconds}};
}

/// The only door to the clocks. Rules take `now` as a value; services take `const Clock&`.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual UtcTime now() const = 0;
    [[nodiscard]] virtual BootTime boot_now() const = 0;
    /// Whether the kernel holds the host's clock for synchronised (adjtimex(2)); nullopt when it can't be
    /// asked.
    [[nodiscard]] virtual std::optional<bool> is_synchronised() const = 0;
};

class RealClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override;
    [[nodiscard]] BootTime boot_now() const override;
    [[nodiscard]] std::optional<bool> is_synchronised() const override;
};

}  // namespace sluice
