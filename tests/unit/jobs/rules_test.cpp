#include "jobs/rules.hpp"

#include "storage/check/scrub.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using catalogue::JobState;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

catalogue::JobRow claimed(unsigned attempts) {
    catalogue::JobRow job;
    job.state = JobState::running;
    job.attempts = attempts;
    return job;
}
Error error(Remedy remedy) {
    return Error{remedy, "the disk is away"};
}

TEST_CASE("a claimed job runs, unless it was cancelled or has outlived too many workers", "[jobs][rule]") {
    for (unsigned attempts = 1; attempts <= kMostAttempts; ++attempts)
        CHECK(judge_claimed(claimed(attempts)) == Verdict::run);
    CHECK(judge_claimed(claimed(kMostAttempts + 1)) == Verdict::give_up);
    auto cancelled = claimed(kMostAttempts + 1);
    cancelled.cancel_asked = kNow;
    CHECK(judge_claimed(cancelled) == Verdict::cancel);
}

TEST_CASE("retries wait ten seconds, then twice as long each time, an hour at most", "[jobs][rule]") {
    CHECK(retry_delay(1) == 10s);
    CHECK(retry_delay(2) == 20s);
    CHECK(retry_delay(5) == 160s);
    CHECK(retry_delay(50) == 3600s);
    CHECK(database_delay(1) == 500ms);
    CHECK(database_delay(2) == 1s);
    CHECK(database_delay(100) == 30s);
}

TEST_CASE("every way in which a job can stop leaves its row in one defined state", "[jobs][rule]") {
    CHECK_FALSE(after_stop(Stop::lease_lost, error(Remedy::cancelled), claimed(1)));

    const auto shutdown = after_stop(Stop::shutdown, error(Remedy::cancelled), claimed(3));
    REQUIRE(shutdown);
    CHECK(shutdown->state == JobState::queued);
    CHECK(shutdown->retry_after == 0s);
    CHECK_FALSE(shutdown->counts_attempt);
    CHECK(shutdown->error.empty());

    CHECK(after_stop(Stop::cancel_asked, error(Remedy::cancelled), claimed(1))->state == JobState::cancelled);

    for (const Remedy remedy :
         {Remedy::retry, Remedy::abandon_file, Remedy::stop_volume, Remedy::operator_acts, Remedy::refuse})
        for (unsigned attempts = 1; attempts <= kMostAttempts + 1; ++attempts) {
            CAPTURE(to_string(remedy), attempts);
            const auto outcome = after_stop(Stop::failed, error(remedy), claimed(attempts));
            REQUIRE(outcome);
            const bool is_tried_again = remedy != Remedy::refuse && attempts < kMostAttempts;
            CHECK(outcome->state == (is_tried_again ? JobState::queued : JobState::failed));
            CHECK(outcome->retry_after == (is_tried_again ? retry_delay(attempts) : 0s));
            CHECK(outcome->error == "the disk is away");
            CHECK(outcome->counts_attempt);
        }
}

TEST_CASE("two renewals may be lost before a lease is", "[jobs][rule]") {
    CHECK(3 * renew_every(30s) <= 30s);
    CHECK(renew_every(2s) > 500ms);
}

TEST_CASE(
    "with a cycle each week no look at a segment is more than two weeks after the one before",
    "[check][scrub][rule]"
) {
    using check::is_scrub_due;
    catalogue::ScrubCycle cycle;
    cycle.began = kNow;
    CHECK(is_scrub_due(std::nullopt, kNow));
    CHECK(is_scrub_due(cycle, kNow + 1s));  // under way
    cycle.ended = kNow + 1h;
    CHECK_FALSE(is_scrub_due(cycle, kNow + check::kScrubCycle - 1us));
    CHECK(is_scrub_due(cycle, kNow + check::kScrubCycle));
    CHECK(is_scrub_due(cycle, kNow - 1us));  // a clock that ran back
    CHECK(2 * check::kScrubCycle <= std::chrono::days{14});
}

TEST_CASE(
    "the scrub's pace ends a cycle in time: it grows as the rest of the cycle shrinks",
    "[check][scrub][rule]"
) {
    constexpr std::uint64_t terabyte = 1'000'000'000'000;
    const std::uint64_t at_once = check::scrub_pace(20 * terabyte, kNow, kNow);
    // 20 TB in 6.3 days.
    CHECK(at_once == 20 * terabyte / (7 * 86'400 * 9 / 10));
    CHECK(check::scrub_pace(20 * terabyte, kNow, kNow + 3 * 24h) > at_once);
    CHECK(check::scrub_pace(0, kNow, kNow) == 1U << 20U);
    CHECK(check::scrub_pace(terabyte, kNow, kNow + check::kScrubCycle) == 0);  // late: as fast as it goes
    CHECK(check::scrub_pace(terabyte, kNow, kNow - 365 * 24h) <= check::scrub_pace(terabyte, kNow, kNow));
    // Whoever keeps to it is never late.
    std::uint64_t left = 5 * terabyte;
    UtcTime now = kNow;
    while (left > 0 && now < kNow + check::kScrubCycle) {
        const std::uint64_t hour = check::scrub_pace(left, kNow, now) * 3600;
        left -= std::min(left, hour);
        now += 1h;
    }
    CHECK(left == 0);
    CHECK(now - kNow <= check::kScrubCycle);
}

}  // namespace
}  // namespace sluice::jobs
