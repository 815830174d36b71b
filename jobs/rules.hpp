#pragma once

#include "storage/catalogue/job_repository.hpp"

#include <chrono>
#include <optional>

/// What becomes of a job: pure rules over its row.
namespace sluice::jobs {

/// A job that so many workers have tried is given up: it may be what kills them.
inline constexpr unsigned kMostAttempts = 5;

enum class Verdict { run, cancel, give_up };
/// Of a job that was just claimed; its attempts count this one.
[[nodiscard]] Verdict judge_claimed(const catalogue::JobRow& job) noexcept;

/// Ten seconds after the first failure, doubled with each, an hour at most.
[[nodiscard]] std::chrono::seconds retry_delay(unsigned attempts) noexcept;

/// How a run ended that did not succeed.
enum class Stop { failed, shutdown, cancel_asked, lease_lost };
/// What the row says then. A wrong request is not tried again; whatever may pass is, until the attempts are
/// used up. nullopt: nothing, the job is somebody else's.
[[nodiscard]] std::optional<catalogue::JobOutcome>
after_stop(Stop stop, const Error& error, const catalogue::JobRow& job);

/// A lease is renewed so often that two renewals may be lost.
[[nodiscard]] constexpr std::chrono::milliseconds renew_every(std::chrono::milliseconds lease) noexcept {
    return lease / 3;
}

/// Half a second, doubled with each failure in a row, 30 s at most: between two questions to a database that
/// is away.
[[nodiscard]] std::chrono::milliseconds database_delay(unsigned failures) noexcept;

}  // namespace sluice::jobs
