#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

/// Recording never waits for a purge: how long it rests between two pieces of work.
namespace sluice::retention {

/// `write_lag_us`: the recorder's longest wait for a write in the last minute; nullopt: nobody records. Not
/// at all while writes come through at once, half of the work from 25 ms on, twice as long from 50 ms on,
/// half of what the recorder may wait at all. Pure.
[[nodiscard]] std::chrono::microseconds
pause_after(std::chrono::microseconds work, std::optional<std::int64_t> write_lag_us) noexcept;

}  // namespace sluice::retention
