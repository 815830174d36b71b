#include "jobs/rules.hpp"

#include <algorithm>
#include <utility>

namespace sluice::jobs {
namespace {

using catalogue::JobOutcome;
using catalogue::JobState;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kFirstRetry{10};
constexpr std::chrono::seconds kLongestRetry{3600};
constexpr std::chrono::milliseconds kFirstQuestion{500};
constexpr std::chrono::milliseconds kLongestQuestion{30'000};

template <class Duration>
Duration doubled(Duration first, Duration longest, unsigned count) {
    Duration delay = first;
    for (unsigned i = 1; i < count && delay < longest; ++i)
        delay *= 2;
    return std::min(delay, longest);
}

}  // namespace

Verdict judge_claimed(const catalogue::JobRow& job) noexcept {
    if (job.cancel_asked) return Verdict::cancel;
    return job.attempts > kMostAttempts ? Verdict::give_up : Verdict::run;
}

std::chrono::seconds retry_delay(unsigned attempts) noexcept {
    return doubled(kFirstRetry, kLongestRetry, attempts);
}

std::chrono::milliseconds database_delay(unsigned failures) noexcept {
    return doubled(kFirstQuestion, kLongestQuestion, failures);
}

std::optional<JobOutcome> after_stop(Stop stop, const Error& error, const catalogue::JobRow& job) {
    JobOutcome outcome;
    switch (stop) {
        case Stop::lease_lost:
            return std::nullopt;
        case Stop::shutdown:
            outcome.state = JobState::queued;
            outcome.counts_attempt = false;
            return outcome;
        case Stop::cancel_asked:
            outcome.state = JobState::cancelled;
            return outcome;
        case Stop::failed:
            break;
    }
    outcome.error = error.describe();
    const bool may_pass = error.remedy() != Remedy::refuse && job.attempts < kMostAttempts;
    outcome.state = may_pass ? JobState::queued : JobState::failed;
    if (may_pass) outcome.retry_after = retry_delay(job.attempts);
    return outcome;
}

}  // namespace sluice::jobs
