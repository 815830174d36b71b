#pragma once

#include "storage/catalogue/purge_repository.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

/// Recording never waits for a purge: how large its pieces of work are, and how long it rests between two.
namespace sluice::retention {

/// `write_lag_us`: the recorder's longest wait for a write in the last minute; nullopt: nobody records. Not
/// at all while writes come through at once, half of the work from 25 ms on, twice as long from 50 ms on,
/// half of what the recorder may wait at all. Pure.
[[nodiscard]] std::chrono::microseconds
pause_after(std::chrono::microseconds work, std::optional<std::int64_t> write_lag_us) noexcept;

/// How many of the first go in one transaction, `ordered` by path: 256 at least, then on to the end of their
/// folder, 2,048 at most. Each folder that has lost names is synced once a batch, and a sync makes the file
/// system write what everybody else has under way. 0 only for none. Pure.
[[nodiscard]] std::size_t batch_length(std::span<const catalogue::PurgeCandidate> ordered);

}  // namespace sluice::retention
