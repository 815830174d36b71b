#pragma once

#include "storage/check/check.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

/// The bytes of every finished segment and received file read again and again, slowly, so that rot is found
/// while there may still be a copy.
namespace sluice::check {

/// A cycle looks at everything that had begun before it. One that begins each week and takes at most a week
/// looks at every segment within two weeks of its recording, and never lets more than two weeks pass between
/// two looks.
inline constexpr std::chrono::days kScrubCycle{7};

/// Whether there is something to do: a cycle under way, or the last one begun a cycle ago. Pure.
[[nodiscard]] bool is_scrub_due(const std::optional<catalogue::ScrubCycle>& cycle, UtcTime now) noexcept;

/// Bytes a second that end a cycle in time, at least 1 MiB/s; without a limit when it is late. Pure.
[[nodiscard]] std::uint64_t scrub_pace(std::uint64_t left_bytes, UtcTime began, UtcTime now) noexcept;

/// The rest of the volume's cycle, or a new one when that is due. Its place is kept in the catalogue, so
/// whoever goes on after a stop reads nothing twice but the file under way. Error: retry, cancelled,
/// operator_acts.
[[nodiscard]] Result<catalogue::ScrubCycle>
scrub(catalogue::Pool& pool, const Volume& volume, const Clock& clock, Observer& observer);

}  // namespace sluice::check
